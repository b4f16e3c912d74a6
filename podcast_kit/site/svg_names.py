"""Names of SVG that a logo may use: elements, attributes and style properties.

SVG 1.1 and 2 without scripts, events, media and links to files; also the fonts and flowed text of older editors.
"""

from __future__ import annotations

_DRAWING = """
a circle clipPath defs desc ellipse filter g image line linearGradient marker mask metadata path pattern
polygon polyline radialGradient rect stop style svg switch symbol text textPath title tspan use view
"""
_FILTERS = """
feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap
feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode
feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence
"""
_ANIMATION = """
animate animateColor animateMotion animateTransform mpath set
"""
_EDITORS = """
font font-face font-face-name font-face-src glyph hkern missing-glyph vkern flowDiv flowLine flowPara flowRegion
flowRegionExclude flowRoot flowSpan hatch hatchpath mesh meshgradient meshpatch meshrow solidColor solidcolor
"""
_STYLE = """
alignment-baseline animation animation-delay animation-direction animation-duration animation-fill-mode
animation-iteration-count animation-name animation-play-state animation-timing-function background background-color
baseline-shift block-progression clip clip-path clip-rule color color-interpolation color-interpolation-filters
color-profile color-rendering cursor cx cy d direction display dominant-baseline enable-background fill fill-opacity
fill-rule filter flood-color flood-opacity font font-family font-feature-settings font-kerning font-optical-sizing
font-size font-size-adjust font-stretch font-style font-synthesis font-variant font-variant-alternates
font-variant-caps font-variant-east-asian font-variant-ligatures font-variant-numeric font-variant-position
font-variation-settings font-weight glyph-orientation-horizontal glyph-orientation-vertical height image-rendering
inline-size isolation kerning letter-spacing lighting-color line-height margin marker marker-end marker-mid
marker-start mask mask-type max-height max-width min-height min-width mix-blend-mode opacity overflow padding
paint-order perspective pointer-events position r rx ry shape-inside shape-margin shape-padding shape-rendering
shape-subtract solid-color solid-opacity stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset
stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-align text-align-last text-anchor
text-decoration text-decoration-color text-decoration-line text-decoration-style text-indent text-orientation
text-overflow text-rendering text-transform transform transform-box transform-origin transition unicode-bidi
user-select vector-effect vertical-align visibility white-space width will-change word-spacing writing-mode x y
"""
_OTHER_ATTRIBUTES = """
accent-height accumulate additive alphabetic amplitude arabic-form ascent attributeName attributeType azimuth
baseFrequency baseProfile bbox begin bias by calcMode cap-height class clipPathUnits contentScriptType
contentStyleType descent diffuseConstant divisor download dur dx dy edgeMode elevation end exponent
externalResourcesRequired filterRes filterUnits focusable fr from fx fy g1 g2 glyph-name gradientTransform
gradientUnits hanging hatchContentUnits hatchUnits horiz-adv-x horiz-origin-x horiz-origin-y href hreflang id
ideographic in in2 intercept k k1 k2 k3 k4 kernelMatrix kernelUnitLength keyPoints keySplines keyTimes lang
lengthAdjust limitingConeAngle markerHeight markerUnits markerWidth maskContentUnits maskUnits mathematical max media
method min mode name numOctaves offset operator order orient orientation origin overline-position overline-thickness
panose-1 path pathLength patternContentUnits patternTransform patternUnits pitch points pointsAtX pointsAtY pointsAtZ
preserveAlpha preserveAspectRatio primitiveUnits radius refX refY rel rendering-intent repeatCount repeatDur
requiredExtensions requiredFeatures restart result role rotate scale seed side slope space spacing specularConstant
specularExponent spreadMethod startOffset stdDeviation stemh stemv strikethrough-position strikethrough-thickness
string style surfaceScale systemLanguage tabindex tableValues target targetX targetY textLength title to type u1 u2
underline-position underline-thickness unicode unicode-range units-per-em v-alphabetic v-hanging v-ideographic
v-mathematical values version vert-adv-y vert-origin-x vert-origin-y viewBox viewTarget widths x-height x1 x2
xChannelSelector y1 y2 yChannelSelector z zoomAndPan
"""
_ICON_FONTS = "p-id t"
"""Attributes that iconfont.cn puts into its icons."""

ELEMENTS = frozenset(f"{_DRAWING} {_FILTERS} {_ANIMATION} {_EDITORS}".split())
STYLE_PROPERTIES = frozenset(_STYLE.split())
ATTRIBUTES = STYLE_PROPERTIES | frozenset(f"{_OTHER_ATTRIBUTES} {_ICON_FONTS}".split())
ANIMATED_ATTRIBUTES = ATTRIBUTES - {"class", "href", "id", "style"}
XLINK_ATTRIBUTES = frozenset({"actuate", "arcrole", "href", "role", "show", "title", "type"})
XML_ATTRIBUTES = frozenset({"id", "lang", "space"})
"""Not `base`, which makes `#id` mean another file."""
INERT_PREFIXES = ("aria-", "data-")
