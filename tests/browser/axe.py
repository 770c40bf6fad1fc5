"""What axe finds on a page, with each look of text measured once and no element asked twice.

Contrast takes most of axe's time and depends on nothing but how a text is dressed: its own style and what lies behind
it. So a look that was found good is not measured again, on this page or another, until something of it changes. All
other rules ask about what stands in the page: they run where it is wide, and where it is narrow on what only then
appears.
"""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import JSHandle, Page

_OF_COLOUR = ["color-contrast", "link-in-text-block"]
_OPTIONS = {"resultTypes": ["violations"], "iframes": False}  # mail in its frame is as a stranger wrote it
_COLOUR = {**_OPTIONS, "runOnly": _OF_COLOUR}
_ALL_ELSE = {**_OPTIONS, "rules": {rule: {"enabled": False} for rule in _OF_COLOUR}}
_MENUS = [".side", "nav.bar"]
_PAGE = {"include": [["html"]]}
_WITHOUT_MENUS = {**_PAGE, "exclude": [[menu] for menu in _MENUS]}

# A map from each look of text that is to be seen to one element that has it.
_LOOKS = """() => {
  const behind = new Map([[null, ""]]);
  const layers = (box) => {
    if (!behind.has(box)) {
      const style = getComputedStyle(box);
      const layer = [
        style.backgroundColor === "rgba(0, 0, 0, 0)" ? "" : style.backgroundColor,
        style.backgroundImage === "none" ? "" : style.backgroundImage,
        style.opacity === "1" ? "" : style.opacity,
        style.filter === "none" ? "" : style.filter,
        style.mixBlendMode === "normal" ? "" : style.mixBlendMode,
        ["static", "relative"].includes(style.position) ? "" : style.position,
      ].join("");
      const under = layers(box.parentElement);
      behind.set(box, layer ? `${layer}/${under}` : under);
    }
    return behind.get(box);
  };
  const speaks = (element) =>
    ["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName)
    || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const looks = new Map();
  for (const element of document.body.querySelectorAll("*")) {
    if (!speaks(element) || !element.checkVisibility({ checkVisibilityCSS: true })) continue;
    const style = getComputedStyle(element);
    const around = element.parentElement && getComputedStyle(element.parentElement).color;
    const own = [element.tagName, style.color, style.fontSize, style.fontWeight, style.textShadow];
    const line = [style.textDecorationLine, style.borderBottomStyle, around, element.disabled ?? ""];
    const look = [...own, ...line, layers(element)].join("|");
    if (!looks.has(look)) looks.set(look, element);
  }
  return looks;
}"""
_NAMES_OF_LOOKS = "(looks) => [...looks.keys()]"
_AXE_ON_LOOKS = """(looks, [names, options]) =>
  axe.run({ include: names.map((name) => looks.get(name)) }, options)"""

# What is to be seen now and was not when last asked: the outermost elements of it, and what has to be scrolled now.
_APPEARED = """() => {
  const known = (window.knownToAxe ??= new WeakSet());
  const scrolls = (element) =>
    (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1)
    && /auto|scroll/.test(getComputedStyle(element).overflow);
  const appeared = [];
  const look = (element, isNews) => {
    const isBoxless = getComputedStyle(element).display === "contents";
    if (!isBoxless && !element.checkVisibility({ checkVisibilityCSS: true })) return;
    const isNew = !known.has(element);
    known.add(element);
    if (isNew && !isNews) appeared.push(element);
    else if (!isNews && scrolls(element) && !element.matches("html, body")) appeared.push(element);
    for (const child of element.children) look(child, isNews || isNew);
  };
  look(document.body, false);
  return appeared;
}"""
_AXE_ON_APPEARED = """(appeared, [without, options]) => {
  const include = appeared.filter((element) => !without.some((selector) => element.closest(selector)));
  return include.length ? axe.run({ include }, options) : { violations: [] };
}"""
_AXE = "([context, options]) => axe.run(context, options)"

_good_looks: set[str] = set()


def faults(page: Page, *, menus: bool = True, within: str | None = None) -> list[str]:
    """Return what axe finds on the page as it stands: rule, element and reason.

    The menus around all pages take half of its time: without ``menus`` nothing but their colours is looked at.
    ``within`` is a selector of the part that is to be looked at, for all but colours.
    """
    _load(page)
    page.evaluate_handle(_APPEARED).dispose()
    part = {"include": [[within]]} if within else _PAGE if menus else _WITHOUT_MENUS
    return colour_faults(page) + _told(page.evaluate(_AXE, [part, _ALL_ELSE]))


def colour_faults(page: Page) -> list[str]:
    """Return what axe finds on the colours of texts whose look was not found good before."""
    _load(page)
    looks = page.evaluate_handle(_LOOKS)
    new = sorted(set(looks.evaluate(_NAMES_OF_LOOKS)) - _good_looks)
    found = _told(looks.evaluate(_AXE_ON_LOOKS, [new, _COLOUR])) if new else []
    looks.dispose()
    if not found:
        _good_looks.update(new)
    return found


def faults_of_what_appeared(page: Page, *, menus: bool = True) -> list[str]:
    """Return what axe finds on what is to be seen now and was not when the page was last looked at."""
    _load(page)
    appeared: JSHandle = page.evaluate_handle(_APPEARED)
    found = _told(appeared.evaluate(_AXE_ON_APPEARED, [[] if menus else _MENUS, _ALL_ELSE]))
    appeared.dispose()
    return found + colour_faults(page)


def _load(page: Page) -> None:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)


def _told(answer: dict[str, Any]) -> list[str]:
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in answer["violations"]
        for node in violation["nodes"]
    ]
