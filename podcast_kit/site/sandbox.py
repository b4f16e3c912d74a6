"""The sandbox of templates: they read values and write text, and do nothing else, for a bounded time.

A show's templates can come from a stranger. They see attributes of known types only, call only what cannot harm, and
each rendering has a budget of steps, characters and seconds of CPU time.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
import re
import time
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import is_dataclass
from pathlib import PurePath
from typing import Any

from jinja2 import nodes, pass_context, runtime
from jinja2.lexer import Token, TokenStream
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace

from podcast_kit.limits import (
    MAX_AVERAGE_TEMPLATE_SECONDS,
    MAX_TEMPLATE_OUTPUT_CHARS,
    MAX_TEMPLATE_SECONDS,
    MAX_TEMPLATE_STEPS,
    MAX_TEMPLATE_TOKENS,
    MAX_TEMPLATE_TOTAL_SECONDS,
    MAX_TEMPLATE_VALUE_LEN,
)

MAX_NUMBER_BITS = 4096
MAX_RANGE_LEN = 100_000
MAX_FORMAT_WIDTH_DIGITS = 4
MAX_JSON_INDENT = 16
ELEMENT_WEIGHT = 8
"""How many characters an element of a list counts as, at least."""
OWN_PACKAGE = "podcast_kit."
REMOVED_FILTERS = ("random", "pprint")
"""Filters whose result is not the same in each run, or shows what values are made of."""
REMOVED_GLOBALS = ("lipsum",)
MAX_WRAPPED_LINES = 20_000
MAX_ROUND_DIGITS = 100
MAX_DATE_FORMAT_LEN = 1_000
MIN_LINK_LEN = 4
"""How short a text can be that the filter `urlize` turns into a link."""
CODECS = frozenset({"utf-8", "utf8", "ascii", "latin-1"})
"""Others, such as punycode, take quadratic time."""
ITERATING_FILTERS = frozenset({"map", "select", "reject", "selectattr", "rejectattr", "sum", "unique"})
"""Filters that do something with each element, however many a list has."""
COLLECTING_FILTERS = frozenset({"join", "list", "sum", "string"})
"""Filters that put all elements together."""
BOUNDED_OPERATORS = frozenset({"*", "**", "+", "%", "-", "/", "//"})
STEP_FILTER = "_step"
OUTPUT_FILTER = "_output"
LOOP_FILTER = "_loop"
TEXT_FILTER = "_text"
COUNTED_NODES = (nodes.Concat, nodes.List, nodes.Tuple, nodes.Dict, nodes.Compare, nodes.Test)

_READABLE_TYPES = (
    *(str, int, float, bool, type(None), list, tuple, dict, set, frozenset, Mapping),
    *(dt.date, dt.time, dt.timedelta, dt.tzinfo, enum.Enum),
    *(runtime.Undefined, runtime.LoopContext, runtime.BlockReference, runtime.Macro, runtime.TemplateReference),
    *(Cycler, Joiner, Namespace),
)
"""Types whose public attributes a template may read, besides our own dataclasses and templates that it imports."""
_CALLABLE_TYPES = (runtime.Macro, runtime.BlockReference, runtime.LoopContext, Cycler, Joiner)
_CALLABLE_CLASSES = (range, dict, Cycler, Joiner, Namespace)
_PADDING_METHODS = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs"})
_LONG_NUMBER = re.compile(rf"\d{{{MAX_FORMAT_WIDTH_DIGITS + 1},}}")


class TemplateLimitExceeded(Exception):  # it says what happened
    """A template does more than it may; the message says what."""


class _Budget:
    """What one rendering may still use."""

    def __init__(self) -> None:
        self.steps = MAX_TEMPLATE_STEPS
        self.output_chars = MAX_TEMPLATE_OUTPUT_CHARS
        self.deadline = time.thread_time() + MAX_TEMPLATE_SECONDS

    def use_steps(self, count: int = 1) -> None:
        """Count steps; raises TemplateLimitExceeded when there are too many, or when it takes too long."""
        self.steps -= count
        if self.steps < 0:
            raise TemplateLimitExceeded(f"takes more than {MAX_TEMPLATE_STEPS:,} steps to render")
        if time.thread_time() > self.deadline:
            raise TemplateLimitExceeded(f"takes more than {MAX_TEMPLATE_SECONDS} s to render")

    def use_output(self, count: int) -> None:
        """Count characters that are written; raises TemplateLimitExceeded when there are too many."""
        self.output_chars -= count
        if self.output_chars < 0:
            raise TemplateLimitExceeded(f"writes more than {MAX_TEMPLATE_OUTPUT_CHARS:,} characters")


class SandboxedTemplates(ImmutableSandboxedEnvironment):
    """A Jinja environment in which a show's own templates are sandboxed and bounded.

    `is_own` tells whether a template of this name is the show's: only those count each loop and expression.
    """

    intercepted_binops = BOUNDED_OPERATORS

    def __init__(self, *, is_own: Callable[[str], bool], **settings: Any) -> None:  # noqa: ANN401  # Jinja's own
        super().__init__(**settings)
        self._is_own = is_own
        self.budget = _Budget()
        self._pages = 0
        self._seconds = 0.0
        for name in REMOVED_FILTERS:
            self.filters.pop(name, None)
        for name in REMOVED_GLOBALS:
            self.globals.pop(name, None)
        self.globals["range"] = _bounded_range
        self.filters = {name: self._bound_filter(name, function) for name, function in self.filters.items()}
        self.filters |= {
            STEP_FILTER: self._count_step,
            OUTPUT_FILTER: self._count_output,
            LOOP_FILTER: self._count_loop,
            TEXT_FILTER: self._check_text,
        }

    def render_bounded(self, name: str, values: Mapping[str, Any]) -> str:
        """Render a template with a new budget. Raises whatever the template raises.

        After MAX_TEMPLATE_TOTAL_SECONDS, the average page must take no more than MAX_AVERAGE_TEMPLATE_SECONDS.
        """
        outer, self.budget = self.budget, _Budget()
        start = time.thread_time()
        try:
            text = self.get_template(name).render(values)
        finally:
            self.budget = outer
        self._pages += 1
        self._seconds += time.thread_time() - start
        if self._seconds > max(MAX_TEMPLATE_TOTAL_SECONDS, MAX_AVERAGE_TEMPLATE_SECONDS * self._pages):
            raise TemplateLimitExceeded(f"takes too long: {self._pages} pages took {self._seconds:.0f} s to render")
        return text

    def concat(self, parts: Iterable[str]) -> str:  # a static method there
        """Join what a template or block wrote, if it is not too long."""
        kept: list[str] = []
        length = 0
        for part in parts:
            length += len(part)
            if length > MAX_TEMPLATE_OUTPUT_CHARS:
                raise TemplateLimitExceeded(f"writes more than {MAX_TEMPLATE_OUTPUT_CHARS:,} characters")
            kept.append(part)
        return "".join(kept)

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        """The tokens of a template, if there are not too many to compile in a short time."""
        try:
            stream = super()._tokenize(source, name, filename, state)
            if not name or not self._is_own(name):
                return stream
            return TokenStream(_count_tokens(stream), stream.name, stream.filename)
        except ValueError:  # Python's limit of digits
            raise TemplateLimitExceeded(f"has a number of more than {MAX_NUMBER_BITS:,} bits") from None

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if name and self._is_own(name):
            _add_counters(tree)
        return tree

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ANN401  # Jinja's own
        """Whether a template may read an attribute: a public one, of a type that cannot harm."""
        return (
            super().is_safe_attribute(obj, attr, value)
            and not isinstance(value, PurePath)
            and (_is_readable_type(type(obj)) or isinstance(obj, types.SimpleNamespace))
        )

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ANN401  # Jinja's own
        """Whether a template may call it: a macro, a method of text and other plain values, or a function of ours."""
        if isinstance(obj, type):
            return obj in _CALLABLE_CLASSES
        if isinstance(obj, _CALLABLE_TYPES) or obj is _bounded_range:
            return True
        if isinstance(obj, types.MethodType | types.BuiltinMethodType):
            owner = obj.__self__
            return not isinstance(owner, types.ModuleType | type) and (
                _is_readable_type(type(owner)) or _is_ours(type(owner))
            )
        if isinstance(obj, types.FunctionType | functools.partial):
            function = obj.func if isinstance(obj, functools.partial) else obj
            return _is_ours(function) or getattr(function, "__qualname__", "").startswith("SandboxedEnvironment.wrap_")
        return is_dataclass(obj) and _is_ours(type(obj))

    def call(__self, __context: runtime.Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, N805, PYI063  # Jinja's own
        """Call what a template calls, as one step."""
        __self.budget.use_steps()
        if isinstance(__obj, runtime.LoopContext) and args:
            args = (__self._count_loop(__context, args[0]), *args[1:])
        _check_method_call(__obj, args, kwargs)
        return _check_length(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: runtime.Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401
        """Compute `*`, `**`, `+` or `%`, unless the result would be too large."""
        _check_operation(operator, left, right)
        self.budget.use_steps()
        return _check_length(super().call_binop(context, operator, left, right))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:  # noqa: ANN401
        """`str.format` in the sandbox, unless its result would be too long."""
        wrapper = super().wrap_str_format(value)
        if wrapper is None:
            return None
        text = str(value.__self__)

        def format_text(*args: Any, **kwargs: Any) -> str:  # noqa: ANN401
            if re.search(r"\{[^{}]*:[^{}]*\{", text):
                raise TemplateLimitExceeded("formats text with a width that is computed")
            _check_format(text, "{", [*args, *kwargs.values()])
            return wrapper(*args, **kwargs)

        return format_text

    def _bound_filter(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The filter, counted as a step, and refused where its result would be too large."""
        position = 1 if hasattr(function, "jinja_pass_arg") else 0

        @functools.wraps(function)
        def filter_value(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            self.budget.use_steps()
            values = args[position:]
            if values:
                _check_filter(name, values[0], [*values[1:], *kwargs.values()])
                args = (*args[:position], self._count_filtered(name, values[0]), *values[1:])
            return _check_length(function(*args, **kwargs))

        return filter_value

    @pass_context
    def _count_step(self, _context: runtime.Context, value: Any) -> Any:  # noqa: ANN401
        self.budget.use_steps()
        return value

    @pass_context
    def _count_output(self, _context: runtime.Context, value: Any) -> Any:  # noqa: ANN401
        self.budget.use_steps()
        if isinstance(value, str | list | tuple | dict | set | frozenset):
            self.budget.use_output(_weigh(value))
        return value

    @pass_context
    def _check_text(self, _context: runtime.Context, value: Any) -> Any:  # noqa: ANN401
        self.budget.use_steps()
        return _check_length(value)

    @pass_context
    def _count_loop(self, _context: runtime.Context, iterable: Any) -> Any:  # noqa: ANN401
        """An iterable whose elements are counted: at once where it knows how many it has."""
        if isinstance(iterable, runtime.Undefined):
            return iterable
        if isinstance(iterable, Sized):
            self.budget.use_steps(1 + len(iterable))
            return iterable
        return self._count_elements(iterable)

    def _count_filtered(self, name: str, value: Any) -> Any:  # noqa: ANN401
        """What a filter is applied to, with its elements counted where the filter asks for one after the other."""
        is_list = name in ITERATING_FILTERS and isinstance(value, list | tuple | dict | set | frozenset | range | str)
        if not is_list and not isinstance(value, Iterator):
            return value
        return self._weigh_elements(value) if name in COLLECTING_FILTERS else self._count_elements(value)

    def _weigh_elements(self, iterable: Iterable[Any]) -> Iterator[Any]:
        """The elements of an iterable that become one text or list, until that would be too long."""
        weight = 0
        for element in self._count_elements(iterable):
            weight += _weigh(element)
            _require_length(weight)
            yield element

    def _count_elements(self, iterable: Iterable[Any]) -> Iterator[Any]:
        for element in iterable:
            self.budget.use_steps()
            yield element


def _count_tokens(stream: Iterable[Token]) -> Iterator[Token]:
    """The tokens; raises TemplateLimitExceeded where there are too many, or a number is too large."""
    try:
        for count, token in enumerate(stream, 1):
            if count > MAX_TEMPLATE_TOKENS:
                raise TemplateLimitExceeded(f"has more than {MAX_TEMPLATE_TOKENS:,} words and signs in its expressions")
            _require_small_number(token.value)
            yield token
    except ValueError:  # Python's limit of digits
        raise TemplateLimitExceeded(f"has a number of more than {MAX_NUMBER_BITS:,} bits") from None


def _add_counters(tree: nodes.Template) -> None:
    """Let each loop, each written expression and each joined text of a template be counted."""
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = _filter_node(loop.iter, LOOP_FILTER)
    for output in list(tree.find_all(nodes.Output)):
        output.nodes = [
            node if isinstance(node, nodes.TemplateData) else _filter_node(node, OUTPUT_FILTER) for node in output.nodes
        ]
    for parent in list(tree.find_all(nodes.Node)):
        for field, value in list(parent.iter_fields()):
            if isinstance(value, list):
                setattr(parent, field, [_count_expression(item, parent) for item in value])
            elif isinstance(value, nodes.Node):
                setattr(parent, field, _count_expression(value, parent))


def _count_expression(node: Any, parent: nodes.Node) -> Any:  # noqa: ANN401
    """A joined text or list with its length checked, a comparison counted as a step, or the node itself."""
    is_counted = isinstance(parent, nodes.Filter) and parent.name in {TEXT_FILTER, STEP_FILTER}
    is_target = isinstance(node, nodes.Tuple) and node.ctx != "load"
    if is_counted or is_target or not isinstance(node, COUNTED_NODES):
        return node
    return _filter_node(node, STEP_FILTER if isinstance(node, nodes.Compare | nodes.Test) else TEXT_FILTER)


def _filter_node(node: Any, name: str) -> nodes.Filter:  # noqa: ANN401
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno, environment=node.environment)


_READABLE: dict[type, bool] = {}
"""What `_is_readable_type` found out: it is asked for each attribute."""


def _is_readable_type(type_: type) -> bool:
    """Whether templates may read the public attributes of values of a type."""
    if type_ not in _READABLE:
        _READABLE[type_] = _decide_readable(type_)
    return _READABLE[type_]


def _decide_readable(type_: type) -> bool:
    if issubclass(type_, _READABLE_TYPES):
        return True
    if type_.__name__ == "TemplateModule" and type_.__module__ == "jinja2.environment":
        return True
    return _is_ours(type_) and (is_dataclass(type_) or issubclass(type_, tuple))


def _is_ours(thing: Any) -> bool:  # noqa: ANN401
    return str(getattr(thing, "__module__", "")).startswith(OWN_PACKAGE)


def _bounded_range(*args: int) -> range:
    """As Python's range, with at most MAX_RANGE_LEN numbers."""
    numbers = range(*args)
    if len(numbers) > MAX_RANGE_LEN:
        raise TemplateLimitExceeded(f"counts further than {MAX_RANGE_LEN:,} with range()")
    return numbers


def _weigh(value: Any) -> int:  # noqa: ANN401
    """How many characters and elements a value has, with all that it holds: about its length as text.

    Raises TemplateLimitExceeded beyond the limit: lists that hold the same list twice grow without end.
    """
    if isinstance(value, str | bytes):
        return len(value)
    weight = 0
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str | bytes):
            weight += len(part)
        elif isinstance(part, int):
            weight += part.bit_length() // 3
        elif isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple | set | frozenset):
            waiting += part
        weight += ELEMENT_WEIGHT
        _require_length(weight + ELEMENT_WEIGHT * len(waiting))
    return weight


def _check_length(value: Any) -> Any:  # noqa: ANN401
    """The value, if it is not too long; raises TemplateLimitExceeded."""
    if isinstance(value, str | bytes):
        _require_length(len(value))
    elif isinstance(value, list | tuple | dict | set | frozenset):
        _weigh(value)
    elif isinstance(value, int):
        _require_small_number(value)
    return value


def _require_small_number(*values: Any) -> None:  # noqa: ANN401
    if any(isinstance(value, int) and value.bit_length() > MAX_NUMBER_BITS for value in values):
        raise TemplateLimitExceeded(f"computes with a number of more than {MAX_NUMBER_BITS:,} bits")


def _require_length(length: float) -> None:
    if length > MAX_TEMPLATE_VALUE_LEN:
        raise TemplateLimitExceeded(f"makes a text or list with more than {MAX_TEMPLATE_VALUE_LEN:,} elements")


def _check_operation(operator: str, left: Any, right: Any) -> None:  # noqa: ANN401
    """Raise TemplateLimitExceeded if the result of an operator would be too large."""
    _require_small_number(left, right)
    if operator == "%" and isinstance(left, str | bytes):
        text = left if isinstance(left, str) else left.decode("latin-1")
        if "*" in text:
            raise TemplateLimitExceeded("formats text with a width that is computed")
        _check_format(text, "%", right.values() if isinstance(right, Mapping) else _as_tuple(right))
    elif operator == "+" and isinstance(left, Sized) and isinstance(right, Sized):
        _require_length(len(left) + len(right))
    elif operator == "*" and (isinstance(left, Sized) or isinstance(right, Sized)):
        sized, count = (left, right) if isinstance(left, Sized) else (right, left)
        if isinstance(count, int):
            _require_length(len(sized) * max(0, count))
    elif operator in {"*", "**"} and isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * max(right, 0) if operator == "**" else left.bit_length() + right.bit_length()
        if bits > MAX_NUMBER_BITS:
            raise TemplateLimitExceeded(f"computes a number with more than {MAX_NUMBER_BITS:,} bits")


def _as_tuple(value: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return value if isinstance(value, tuple) else (value,)


def _check_format(text: str, mark: str, values: Iterable[Any]) -> None:
    """Raise TemplateLimitExceeded if formatting would give a long text."""
    if _LONG_NUMBER.search(text):
        raise TemplateLimitExceeded(f"formats text with a width of more than {MAX_FORMAT_WIDTH_DIGITS} digits")
    longest = max(map(_weigh, values), default=0) + 10**MAX_FORMAT_WIDTH_DIGITS
    _require_length(text.count(mark) * longest if text.count(mark) > 1 else 0)


def _check_filter(name: str, value: Any, arguments: list[Any]) -> None:  # noqa: ANN401
    """Raise TemplateLimitExceeded if a filter would make a long text or list."""
    numbers = [abs(argument) for argument in arguments if isinstance(argument, int)]
    texts = [argument for argument in arguments if isinstance(argument, str)]
    number, text_len = max(numbers, default=0), max(map(len, texts), default=0)
    length = len(value) if isinstance(value, Sized) and not isinstance(value, runtime.Undefined) else 0
    match name:
        case "indent":
            _require_length(length + (str(value).count("\n") + 1) * max(number, text_len))
        case "replace":
            _require_length(length + (length + 1) * max(0, text_len - min(map(len, texts), default=0)))
        case "center" | "batch" | "slice":
            _require_length(length + number)
        case "join":
            _require_length(length * (1 + text_len) + (_weigh(value) if length else 0))
        case "format" if isinstance(value, str):
            _check_operation("%", value, tuple(arguments))
        case _:
            _check_slow_filter(name, length, numbers, texts)


def _check_slow_filter(name: str, length: int, numbers: list[int], texts: list[str]) -> None:
    """Raise TemplateLimitExceeded if a filter would take long, or make a long text, for a text of this length."""
    match name:
        case "wordwrap":
            lines = length / max(1, min(numbers, default=79))
            _require_length(lines * max(map(len, texts), default=1))
            if lines > MAX_WRAPPED_LINES:
                raise TemplateLimitExceeded(f"wraps text into more than {MAX_WRAPPED_LINES:,} lines")
        case "urlize":
            _require_length(length + length / MIN_LINK_LEN * sum(map(len, texts)))
        case "round" if max(numbers, default=0) > MAX_ROUND_DIGITS:
            raise TemplateLimitExceeded(f"rounds to more than {MAX_ROUND_DIGITS} digits")
        case "tojson" if max(numbers, default=0) > MAX_JSON_INDENT:
            raise TemplateLimitExceeded(f"indents JSON by more than {MAX_JSON_INDENT} spaces")
        case _:
            pass


def _check_method_call(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:  # noqa: ANN401
    """Raise TemplateLimitExceeded if a method of text would make a long one."""
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    values = [*args, *kwargs.values()]
    numbers = [abs(value) for value in values if isinstance(value, int)]
    lengths = [len(value) for value in values if isinstance(value, str | bytes)]
    if name == "to_bytes":
        _require_length(max(numbers, default=0))
    if name == "strftime" and max(lengths, default=0) > MAX_DATE_FORMAT_LEN:
        raise TemplateLimitExceeded(f"formats a date with more than {MAX_DATE_FORMAT_LEN:,} characters")
    if not isinstance(owner, str | bytes):
        return
    if name in {"encode", "decode"} and values and str(values[0]).lower() not in CODECS:
        raise TemplateLimitExceeded(f"uses another encoding than {', '.join(sorted(CODECS))}")
    if name in _PADDING_METHODS:
        tabs = len(owner) if name == "expandtabs" else 1
        _require_length(len(owner) + tabs * max(numbers, default=8))
    elif name in {"replace", "translate"}:
        longest = max(lengths, default=0)
        if name == "translate":
            longest = max((_weigh(value) for value in args), default=0)
        _require_length(len(owner) + (len(owner) + 1) * max(0, longest - min(lengths, default=0)))
    elif name == "join" and args:
        count = len(args[0]) if isinstance(args[0], Sized) else 0
        _require_length(count * len(owner) + (_weigh(args[0]) if count else 0))
