"""docs/answering.md rules 15 to 22: people write formatted text, by mouse, by keys alone or not at all."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.axe import faults
from tests.browser.chromium import Visitor
from tests.browser.site import Site

PASTED = """(box) => {
  const data = new DataTransfer();
  data.setData("text/html", `<style>p{color:red}</style><p class="MsoNormal" style="color:red" onclick="alert(1)">Word
    <b>says</b> <img src="data:image/png;base64,AAAA" onerror="globalThis.ran=1"><o:p></o:p></p>`);
  data.setData("text/plain", "Word says");
  const how = { inputType: "insertFromPaste", dataTransfer: data, bubbles: true, cancelable: true };
  box.dispatchEvent(new InputEvent("beforeinput", how));
}"""


def test_an_answer_is_formatted_by_keys_kept_refused_sent_and_taken_back_with_all_of_it(
    fresh: Site, visit: Callable[..., Visitor]
) -> None:
    visitor = visit("technician", viewport={"width": 390, "height": 844})
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    box, field, keys = page.get_by_label("Your reply"), page.locator("#reply-body"), page.keyboard
    tools, mine = page.get_by_role("toolbar", name="Formatting"), page.get_by_role("article").last

    expect(page.locator("#reply-body-rich")).to_be_visible()
    box.focus()
    keys.press("Shift+Tab")
    expect(tools.get_by_role("button", name="Bold")).to_be_focused()
    keys.press("Enter")
    expect(tools.get_by_role("button", name="Bold")).to_have_attribute("aria-pressed", "true")
    expect(box).to_be_focused()
    keys.type("Dear 😀")
    keys.press("Control+b")
    keys.type(" Ida\n")
    tools.get_by_role("button", name="List", exact=True).click()
    keys.type("one\nsee ")
    tools.get_by_role("button", name="Link").click()
    page.get_by_role("textbox", name="Address of the link").fill("x.example/a")
    expect(page.get_by_role("button", name="Unlink")).to_be_in_viewport(ratio=1)
    keys.press("Enter")
    keys.press("Enter")
    keys.press("Enter")
    assert faults(page, within=".dock") == []
    with page.expect_response(lambda answer: "says" in (answer.request.post_data or "")):  # the draft, with all of it
        box.evaluate(PASTED)
    expect(field).to_have_value("Dear 😀 Ida\none\nsee https://x.example/a\nWord says")
    page.reload()
    expect(box.locator("strong")).to_have_text(["Dear 😀", "says"])
    expect(box.locator("li")).to_have_text(["one", "see https://x.example/a"])
    expect(box.locator("img, figure")).to_have_count(0)
    keys.press("r")
    keys.press("Control+Enter")

    expect(mine.locator("strong")).to_have_text(["Dear 😀", "says"])
    expect(mine.get_by_role("link", name="https://x.example/a")).to_have_attribute("href", "https://x.example/a")
    expect(field).to_have_value("")
    expect(mine).to_be_focused()  # where `z` takes it back (docs/answering.md)
    page.get_by_role("button", name="Undo").click()
    expect(box.locator("strong")).to_have_text(["Dear 😀", "says"])
    page.get_by_role("button", name="Write plain text").click()
    expect(box).to_have_value("Dear 😀 Ida\n\n- one\n- see https://x.example/a\n\nWord says")
    page.get_by_role("button", name="Write with formatting").click()
    expect(page.locator("#reply-body-rich")).to_be_visible()
    assert page.evaluate("() => globalThis.ran ?? null") is None
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert visitor.watch.trouble == {}


PASTED_PICTURE = """async (box, name) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 60 });
  canvas.getContext("2d").fillRect(9, 9, 99, 9);
  const content = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const data = new DataTransfer();
  data.items.add(new File([content], name, { type: "image/png" }));
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""The editor draws with frames, and keys of a test come faster than any."""


def test_a_screenshot_is_pasted_between_the_words_described_kept_sent_and_taken_back(
    fresh: Site, visit: Callable[..., Visitor]
) -> None:
    visitor = visit("technician", viewport={"width": 390, "height": 844})
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    box, keys = page.get_by_label("Your reply"), page.keyboard
    figures, mine = box.locator("figure img"), page.get_by_role("article").last
    files, field = page.locator("form:has(#reply-body) [data-files]"), page.locator("#reply-body")
    words = page.get_by_label("Say what it shows")

    expect(page.locator("#reply-body-rich")).to_be_visible()
    box.focus()
    keys.type("Before After")
    page.evaluate(NEXT_FRAME)
    for _ in "After":
        keys.press("ArrowLeft")
    page.evaluate(NEXT_FRAME)
    box.evaluate(PASTED_PICTURE, "one.png")
    keys.type("and ")  # it comes a moment later, and stands where it was pasted
    expect(figures).to_have_count(1)
    page.evaluate(NEXT_FRAME)
    keys.press("Control+Home")
    box.evaluate(PASTED_PICTURE, "two.png")
    expect(figures).to_have_count(2)
    with page.expect_response(lambda answer: answer.url.endswith("/drafts/reply")):
        words.first.fill("The red bar")
    assert faults(page, within=".dock") == []
    box.focus()
    keys.press("Control+End")
    page.evaluate(NEXT_FRAME)
    with page.expect_response(lambda answer: answer.url.endswith("/drafts/reply")):
        keys.type(" all")
    page.reload()
    expect(figures).to_have_count(2)
    expect(words.first).to_have_value("The red bar")
    expect(field).to_have_value("\ufffcBefore \ufffcand After all")
    expect(files.get_by_text("one.png", exact=True)).to_be_hidden()
    page.wait_for_function(
        "() => [...document.querySelectorAll('figure img')].every((one) => one.naturalWidth === 640)"
    )
    box.focus()
    keys.press("Control+Home")
    for key, left in (("Delete", 1), ("Control+z", 2)):  # take it out, and have it back
        page.evaluate(NEXT_FRAME)
        keys.press(key)
        expect(figures).to_have_count(left)
    keys.press("Control+Enter")

    shown = mine.locator(".between img")
    expect(shown).to_have_count(2)
    expect(shown.first).to_have_attribute("alt", "The red bar")
    page.get_by_role("button", name="Undo").click()
    expect(figures).to_have_count(2)
    page.get_by_role("button", name="Write plain text").click()
    expect(box).to_have_value("[picture: The red bar]\nBefore\n[picture]\nand After all")
    expect(files.locator("li > span")).to_have_text(["one.png", "two.png"])
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert visitor.watch.trouble == {}
