"""Logos as editors write them pass; what runs or loads something is refused at its line."""

import time

import pytest

from podcast_kit import site
from podcast_kit.errors import InvalidInput, SourceLocation
from podcast_kit.model import Theme
from podcast_kit.site import svg
from tests.support.site_factories import make_show

INKSCAPE = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- Created with Inkscape (http://www.inkscape.org/) -->

<svg
   width="210mm" height="297mm" viewBox="0 0 210 297" version="1.1" id="svg5"
   inkscape:version="1.2.2 (b0a8486541, 2022-12-01)"
   sodipodi:docname="logo.svg"
   inkscape:export-filename="/home/ann/logo.png"
   xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"
   xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd"
   xmlns:xlink="http://www.w3.org/1999/xlink"
   xmlns="http://www.w3.org/2000/svg"
   xmlns:svg="http://www.w3.org/2000/svg"
   xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
   xmlns:cc="http://creativecommons.org/ns#"
   xmlns:dc="http://purl.org/dc/elements/1.1/">
  <title>Logo</title>
  <sodipodi:namedview id="namedview7" pagecolor="#ffffff" inkscape:document-units="mm" showgrid="false">
    <inkscape:grid type="xygrid" id="grid9" />
  </sodipodi:namedview>
  <defs id="defs2">
    <linearGradient inkscape:collect="always" id="linearGradient1">
      <stop style="stop-color:#000000;stop-opacity:1;" offset="0" id="stop1" />
    </linearGradient>
    <linearGradient xlink:href="#linearGradient1" id="linearGradient2" x1="1" y1="1" x2="2" y2="2" />
    <inkscape:path-effect effect="bspline" id="path-effect1" is_visible="true" />
    <marker style="overflow:visible" id="Arrow1"><path d="M0,0" style="fill:context-stroke" /></marker>
    <filter id="f"><feImage xlink:href="#path1" /></filter>
  </defs>
  <metadata id="metadata1"><rdf:RDF><cc:Work rdf:about="">
    <dc:format>image/svg+xml</dc:format>
    <dc:type rdf:resource="http://purl.org/dc/dcmitype/StillImage" />
    <cc:license rdf:resource="http://creativecommons.org/licenses/by/4.0/" />
  </cc:Work></rdf:RDF></metadata>
  <g inkscape:label="Layer 1" inkscape:groupmode="layer" id="layer1" style="display:inline">
    <path style="fill:url(#linearGradient2);marker-end:url('#Arrow1');filter:url( &quot;#f&quot; )" d="M 1,1 2,2"
       id="path1" inkscape:original-d="M 1,1 2,2" inkscape:path-effect="#path-effect1" sodipodi:nodetypes="cc" />
    <use xlink:href="#path1" id="use1" width="100%" height="100%" />
    <image sodipodi:absref="/home/ann/face.png" xlink:href="data:image/png;base64,iVBORw0KGgo=" width="1" height="1" />
    <text xml:space="preserve" style="-inkscape-font-specification:'Sans, Normal'"><textPath
       xlink:href="#path1"><tspan sodipodi:role="line">on air</tspan></textPath></text>
    <a xlink:href="https://pod.example/" target="_blank"><rect width="1" height="1" /></a>
  </g>
</svg>
"""
ILLUSTRATOR = """<?xml version="1.0" encoding="utf-8"?>
<!-- Generator: Adobe Illustrator 15.0.0, SVG Export Plug-In . SVG Version: 6.00 Build 0)  -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [
\t<!ENTITY ns_extend "http://ns.adobe.com/Extensibility/1.0/">
\t<!ENTITY ns_ai "http://ns.adobe.com/AdobeIllustrator/10.0/">
\t<!ENTITY ns_graphs "http://ns.adobe.com/Graphs/1.0/">
\t<!ENTITY ns_svg "http://www.w3.org/2000/svg">
\t<!ENTITY ns_xlink "http://www.w3.org/1999/xlink">
]>
<svg version="1.1" id="Ebene_1" xmlns:x="&ns_extend;" xmlns:i="&ns_ai;" xmlns:graph="&ns_graphs;"
\t xmlns="&ns_svg;" xmlns:xlink="&ns_xlink;" x="0px" y="0px" width="100px" height="100px" viewBox="0 0 100 100"
\t enable-background="new 0 0 100 100" xml:space="preserve">
<style type="text/css"><![CDATA[
\t.st0{fill:url(#SVGID_1_);}
\t.st1{font-family:'MyriadPro-Regular';}
\t@font-face{font-family:'Own';src:url("data:;base64,T1RUTwA=")}
]]></style>
<metadata><sfw xmlns="http://ns.adobe.com/SaveForWeb/1.0/"><slices></slices></sfw></metadata>
<switch>
\t<foreignObject requiredExtensions="&ns_ai;" x="0" y="0" width="1" height="1">
\t\t<i:pgfRef xlink:href="#adobe_illustrator_pgf"></i:pgfRef>
\t</foreignObject>
\t<g i:extraneous="self">
\t\t<linearGradient id="SVGID_1_" x1="0"><stop offset="1" style="stop-color:#FFF"/></linearGradient>
\t\t<image overflow="visible" width="1" height="1" xlink:href="data:image/jpeg;base64,/9j/4AAQ"></image>
\t\t<path class="st0" clip-path="url(#SVGID_2_)" d="M1,1z"/>
\t</g>
</switch>
<i:pgf id="adobe_illustrator_pgf"><![CDATA[eJzsvduOJcl1JfgF/Ie4DwIoo]]></i:pgf>
</svg>
"""
FIGMA = """<svg width="40" height="40" fill="none" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<rect width="40" height="40" fill="url(#pattern0)"/>
<g filter="url(#filter0_d)"><path d="M1 1" fill="#000"/></g>
<defs><pattern id="pattern0"><use xlink:href="#image0" transform="scale(0.1)"/></pattern>
<image id="image0" width="1" height="1" href="data:image/png;base64,iVBOR"/></defs></svg>
"""
ANIMATED = """<svg xmlns="http://www.w3.org/2000/svg"><style>@keyframes turn { to { transform: rotate(1turn) } }</style>
<circle r="9"><animate attributeName="opacity" values="0;1" dur="1s" begin="0s"/></circle></svg>
"""


def drawing(inside="", more=""):
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'xmlns:h="http://www.w3.org/1999/xhtml"{more}>\n{inside}\n</svg>'
    )


@pytest.mark.parametrize(
    "text", [INKSCAPE, ILLUSTRATOR, FIGMA, ANIMATED], ids=["Inkscape", "Illustrator", "Figma", "animated"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_svg_of_common_editors_passes(text, encoding):
    if encoding == "utf-16":
        text = text.replace("UTF-8", "UTF-16").replace("utf-8", "utf-16")
    assert svg.check_svg(text.encode(encoding), "logo.svg") == []


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<script href="https://evil.example/x.js"/>',
        '<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>',
        '<path onclick="alert(1)"/>',
        '<path ONLOAD="alert(1)"/>',
        '<foreignObject><h:p onclick="x()">Text</h:p></foreignObject>',
        '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>',
        '<metadata><h:script src="x.js"/></metadata>',
        '<a href="javascript:alert(1)"/>',
        '<a xlink:href=" java&#9;script:alert(1)"/>',
        '<a xlink:href="data:text/html,x"/>',
        '<use href="https://evil.example/x.svg#a"/>',
        '<use xlink:href="data:image/svg+xml,x#a"/>',
        '<image xlink:href="file:///home/ann/face.png"/>',
        '<image href="face.png"/>',
        '<image href="//evil.example/count.png"/>',
        '<feImage href="https://evil.example/x.png"/>',
        '<set attributeName="href" to="javascript:alert(1)"/>',
        '<animate attributeName="xlink:href" values="javascript:alert(1)"/>',
        '<set attributeName="onclick" to="alert(1)"/>',
        '<style>@import "https://fonts.example/x.css";</style>',
        "<style>a{fill:url(https://evil.example/x)}</style>",
        "<style>a{fill:URL( 'x.svg#a')}</style>",
        r"<style>a{fill:\75 rl(//evil.example/x)}</style>",
        r"<style>a{fill:u\72&#13;&#10;l(//evil.example/x)}</style>",
        '<style>svg{background:image-set("https://evil.example/x" 1x)}</style>',
        '<style>@import "https://evil.example/x.css";<style/></style>',
        '<style>@im<g>x</g>port "https://evil.example/x.css";</style>',
        "<style>svg{background:url(<g>#</g>//evil.example/x)}</style>",
        '<path style="fill:url(//evil.example/x)"/>',
        '<path filter="url(other.svg#f)"/>',
        "<?xml-stylesheet href='x.xsl' type='text/xsl'?>",
        '<iframe src="https://evil.example/"/>',
        '<video href="#v"><source src="x.mp4"/></video>',
        '<discard begin="1s"/>',
        "<unheardOf/>",
        '<path unheard-of="1"/>',
        "<foreignObject/>",
        '<foreignObject requiredExtensions="http://www.w3.org/1999/xhtml"><g onclick="x()"/></foreignObject>',
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><mtext href="javascript:alert(1)">x</mtext></math>',
        '<x:box xmlns:x="http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul" onclick="x()"/>',
        '<e:listener xmlns:e="http://www.w3.org/2001/xml-events" event="click" handler="#x"/>',
        '<path xmlns:e="http://www.w3.org/2001/xml-events" e:event="click"/>',
        '<g xml:base="https://evil.example/x.svg"><use href="#a"/></g>',
        '<a href="#a" ping="https://evil.example/count"/>',
        '<font-face><font-face-src><font-face-uri href="#a"/></font-face-src></font-face>',
        '<cursor id="c" href="#a"/>',
        '<path fill="url(data:image/svg+xml,x#a)"/>',
        '<path style="fill:url(data:image/svg+xml,x#a)"/>',
        '<path style="fill:red;behavior:none"/>',
        '<path style="-moz-binding:none"/>',
        r'<path style="\62 ehavior:none"/>',
        "<path style=\"font-family:'A&#10;;behavior:none;x:'\"/>",
        """<path style="fill:'&#10;;position:fixed;x:'"/>""",
        r"""<path style="fill:'\'a';position:fixed;x:'b'"/>""",
        r"""<path style="fill:a\';position:fixed;x:'b'"/>""",
        """<path style="fill:x(')');position:fixed;x:('z'"/>""",
        """<path style="fill:url(a'b);position:fixed;x:'c'"/>""",
        """<path style="fill:url(a(b);position:fixed;x:c)"/>""",
        """<path style="fill:url(a('b);position:fixed;x:'c')"/>""",
        """<path style="fill:url(a/*b);position:fixed;x:url(c*/d)"/>""",
        """<path style="fill:x(/*)'*/);position:fixed;x:'c'"/>""",
        '<animate attributeName="style" values="fill:red"/>',
        '<animate attributeName="fill" values="url(//evil.example/x)"/>',
    ],
)
def test_scripts_and_external_resources_are_refused_with_their_line(inside):
    [fault] = svg.check_svg(drawing(inside).encode(), "art/logo.svg")
    assert (fault.location.path, fault.location.line, fault.code) == ("art/logo.svg", 2, "theme.svg")


@pytest.mark.parametrize(
    "inside",
    [
        '<mask id="m" style="mask-type:luminance" maskUnits="userSpaceOnUse" x="0"><rect data-name="a" rx="1"/></mask>',
        '<path p-id="1234" fill="#000" aria-hidden="true" vector-effect="non-scaling-stroke" d="M1 1"/>',
        '<g fill-rule="evenodd" role="img" tabindex="0" focusable="false" xml:lang="de" class="a b"/>',
        '<path style="fill:none;;stroke:#000 ; mix-blend-mode:normal;-webkit-transform:none;--own:1"/>',
        "<text style=\"font-family:'A;b:c', serif; /* x: y; */ line-height:1.25\">a</text>",
        '<path style="fill:none /* behavior:none"/>',
        '<flowRoot xml:space="preserve"><flowRegion><rect/></flowRegion><flowPara>a</flowPara></flowRoot>',
        '<font horiz-adv-x="1"><font-face units-per-em="1000"/><missing-glyph/><glyph unicode="a" d="M1"/></font>',
        '<g xmlns:s="http://www.serif.com/" s:id="Layer 1"><s:any onclick="x"/></g>',
        '<circle r="1"><animateTransform attributeName="transform" type="rotate" to="360" dur="1s"/></circle>',
        '<metadata><cc:Work xmlns:cc="http://creativecommons.org/ns#" about=""/></metadata>',
        '<path clip-path="url(#a)" marker-end="url(\'#b\')" cursor="pointer"/>',
    ],
)
def test_drawings_and_editor_data_pass(inside):
    assert svg.check_svg(drawing(inside).encode(), "logo.svg") == []


def test_content_of_a_refused_element_is_not_reported_again():
    inside = '<foreignObject>\n<h:p onclick="x">\n<script/></h:p></foreignObject>\n<path onclick="x"/>'
    assert [problem.location.line for problem in svg.check_svg(drawing(inside).encode(), "logo.svg")] == [2, 5]


@pytest.mark.parametrize(
    "declared",
    [
        "<!ENTITY x \"<script xmlns='http://www.w3.org/2000/svg'>alert(1)</script>\">",
        "<!ATTLIST svg onload CDATA 'alert(1)'>",
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY % x SYSTEM "https://evil.example/x.dtd">',
    ],
)
def test_a_document_type_hides_nothing(declared):
    text = f"<!DOCTYPE svg [{declared}]>\n" + drawing("&x;" if "ENTITY x" in declared else "")
    assert [fault.code for fault in svg.check_svg(text.encode(), "logo.svg")] == ["theme.svg"]


@pytest.mark.parametrize(
    "public",
    [
        "-//W3C//DTD XHTML 1.0 Transitional//EN",
        "-//W3C//DTD XHTML 1.1 plus MathML 2.0 plus SVG 1.1//EN",
        "-//W3C//DTD MathML 2.0//EN",
    ],
)
def test_a_document_type_with_entities_that_only_browsers_know_is_refused(public):
    inside = '<style>&commat;import "https://evil.example/x.css";</style>'
    [fault] = svg.check_svg(f'<!DOCTYPE svg PUBLIC "{public}" "x">\n{drawing(inside)}'.encode(), "logo.svg")
    assert (fault.location.line, fault.code) == (1, "theme.svg")


@pytest.mark.parametrize("text", ["", "<svg/>", "<svg", "<html><script/></html>", "\x00", "{}", "<svg xmlns='&x;'/>"])
def test_a_file_that_is_not_svg_is_reported(text):
    [fault] = svg.check_svg(text.encode(), "logo.svg")
    assert (fault.location.path, fault.code) == ("logo.svg", "theme.svg")


def test_expanding_entities_are_refused_quickly():
    lines = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 12))
    text = f'<!DOCTYPE svg [<!ENTITY a0 "ha">{lines}]>\n' + drawing("<style>&a11;</style>")
    began = time.process_time()
    assert [fault.code for fault in svg.check_svg(text.encode(), "logo.svg")] == ["theme.svg"]
    assert time.process_time() - began < 2


def test_all_problems_are_reported_at_once_up_to_a_limit():
    text = drawing('<path onclick="x"/>\n' * 500)
    lines = [fault.location.line for fault in svg.check_svg(text.encode(), "logo.svg")]
    assert lines == list(range(2, 12))


def test_a_logo_that_runs_a_script_keeps_the_pages_from_being_made(tmp_path):
    (tmp_path / "art").mkdir()
    (tmp_path / "art/logo.svg").write_text(drawing("<script>alert(1)</script>"), "utf-8")
    with pytest.raises(InvalidInput) as raised:
        site.resolve_theme(make_show(theme=Theme(logo="art/logo.svg")), tmp_path, None)
    assert [(one.location, one.code) for one in raised.value.problems] == [
        (SourceLocation("art/logo.svg", 2, 1), "theme.svg")
    ]
