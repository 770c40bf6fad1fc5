"""docs/answering.md rules 1 and 2: what is typed is kept by itself, and is gone from the box once it is sent."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.chromium import Visitor
from tests.browser.site import Site


def test_what_is_typed_survives_a_reload_and_goes_when_it_is_sent(fresh: Site, visit: Callable[[str], Visitor]) -> None:
    visitor = visit("technician")
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    body = page.get_by_label("Your reply")
    reply = page.get_by_role("form", name="Reply")

    with page.expect_response(lambda answer: answer.url.endswith("/drafts/reply")):
        body.fill("It prints again, tried today.")
    expect(reply.get_by_text("Draft saved")).to_be_visible()
    page.reload()
    expect(page.locator("#reply-body")).to_have_value("It prints again, tried today.")
    reply.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator("#conversation")).to_contain_text("It prints again, tried today.")
    expect(page.locator("#reply-body")).to_have_value("")
    assert visitor.watch.trouble == {}


def test_an_answer_is_taken_back_by_one_key_and_enter_above_it_adds_whoever_is_typed(
    fresh: Site, visit: Callable[[str], Visitor]
) -> None:
    visitor = visit("technician")
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    body, reply = page.get_by_label("Your reply"), page.get_by_role("form", name="Reply")

    body.fill("It prints again.")
    reply.locator("summary").click()
    reply.get_by_label("Addresses in copy").fill("Ida <ida@kuehn.example>")
    page.keyboard.press("Enter")
    expect(reply.get_by_role("button", name="Take Ida off")).to_be_visible()
    expect(page.locator("#reply-body")).to_have_value("It prints again.")
    reply.get_by_label("Time for this reply").fill("0:10")
    page.keyboard.press("Enter")
    expect(page.locator("#conversation")).to_contain_text("It prints again.")
    expect(page.locator("#reply-body")).to_have_value("")
    page.keyboard.press("z")

    expect(page.locator("#reply-body")).to_have_value("It prints again.")
    expect(page.locator("#conversation")).to_contain_text("took back an answer before it left")
    assert visitor.watch.trouble == {}


DROPPED = """(form) => {
  const data = new DataTransfer();
  data.items.add(new File(["dropped"], "dropped.log"));
  for (const type of ["dragover", "drop"]) {
    form.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGM8ISfHwMDAxMDAwMDAAAANBAEIfXHKZgAAAABJRU5ErkJggg=="
PASTED = """(box) => {
  const data = new DataTransfer();
  const picture = Uint8Array.from(atob("PICTURE"), (sign) => sign.charCodeAt(0));
  data.items.add(new File([picture], "image.png", { type: "image/png" }));
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}""".replace("PICTURE", PICTURE)


def test_files_are_chosen_dropped_and_pasted_and_an_answer_waits_for_them(
    fresh: Site, visit: Callable[[str], Visitor]
) -> None:
    visitor = visit("technician")
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    body, reply = page.get_by_label("Your reply"), page.get_by_role("form", name="Reply")
    chosen = {"name": "chosen.log", "mimeType": "text/plain", "buffer": b"chosen"}
    reply.locator("[type=file]").set_input_files(chosen)  # type: ignore[arg-type]
    expect(reply.get_by_text("chosen.log", exact=True)).to_be_visible()
    reply.evaluate(DROPPED)
    expect(reply.get_by_text("dropped.log", exact=True)).to_be_visible()
    reply.get_by_role("button", name="Remove chosen.log").click()
    expect(reply.get_by_text("chosen.log", exact=True)).to_have_count(0)

    body.fill("See what is attached.")
    reply.evaluate(f"""(form) => {{
      ({PASTED})(form.querySelector("trix-editor"));
      ({PASTED})(form.querySelector("trix-editor"));
      ({DROPPED})(form);
      form.requestSubmit();
    }}""")

    mine = page.get_by_role("article", name="Reply from Technician Person").last
    expect(mine).to_contain_text("See what is attached.")
    expect(mine.get_by_text("dropped.log", exact=True)).to_have_count(2)
    expect(mine.locator("img")).to_have_count(2)
    expect(reply.locator("[data-files] li")).to_have_count(0)
    assert visitor.watch.trouble == {}


def test_files_that_do_not_fit_are_named_before_anything_is_sent(fresh: Site, visit: Callable[[str], Visitor]) -> None:
    visitor = visit("technician")
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    reply = page.get_by_role("form", name="Reply")
    field, said = reply.locator("[type=file]"), reply.locator("[data-files] [role=alert]")
    field.evaluate("(field) => Object.assign(field.dataset, { mostBytes: 2 ** 21, mostFiles: 2 })")
    sizes = {
        "film.mov": 2**21 + 1,
        "a.log": 2**20 + 1,
        "b.log": 2**20,
        "c.log": 9,
        "d.log": 9,
        "e.log": 9,
        "f.log": 9,
        "g.log": 9,
    }
    chosen = [{"name": name, "mimeType": "text/plain", "buffer": bytes(size)} for name, size in sizes.items()]

    field.set_input_files(chosen)  # type: ignore[arg-type]

    expect(reply.locator("[data-files] li")).to_have_count(2)
    expect(said).to_have_text(
        [
            "film.mov: 2.1 MB; at most 15 MB.",
            "At most 15 MB go along together. Left out: b.log.",
            "20 files go along at most. Left out: d.log, e.log, f.log and 1 more.",
        ]
    )
    field.set_input_files(chosen[:1])  # type: ignore[arg-type]
    expect(said).to_have_text(["film.mov: 2.1 MB; at most 15 MB."])
    asked = [each for each in visitor.watch.asked if each.startswith("POST") and each.endswith("/drafts/reply/files")]
    page.route("**/files", lambda route: route.fulfill(status=413, body="too large"), times=1)
    reply.get_by_role("button", name="Remove a.log").click()
    field.set_input_files(chosen[2:3])  # type: ignore[arg-type]
    expect(said).to_have_text(["b.log: 1.0 MB; at most 15 MB."])
    assert len(asked) == 1
