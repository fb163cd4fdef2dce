"""The pages in a real browser: no errors, nothing fetched, keys work, nothing runs off the side."""

from __future__ import annotations

import shutil

import pytest
from PIL import Image
from scene_support import write_scenes
from test_pages import write_run

from ocrdata.pages.dataset import write_dataset_page
from ocrdata.pages.run import Miss, write_run_page

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (it needs Python 3.9)"
)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium with an empty profile."""
    path = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if path is None:
        pytest.skip("there is no Chromium (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as session:
        opened = session.chromium.launch(executable_path=path, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pages(rendered, tmp_path_factory):
    """A page of each kind of data set, of a damaged one, and of a run."""
    from ocrdata.records.write.shards import write_shards

    root = tmp_path_factory.mktemp("pages")
    scenes = write_scenes(root / "scenes", 4, test=2)
    icdar = write_scenes(root / "icdar", 3, seed=1, lists=False)
    shutil.copytree(str(rendered), str(root / "damaged"))
    broken = sorted((root / "damaged/pic").rglob("*.jpg"))
    broken[0].unlink()
    broken[1].write_bytes(b"no picture")
    write_shards(rendered, root / "shards", shards=2, workers=0)
    found = {}
    for name, path in (
        ("lines", rendered),
        ("scenes", scenes),
        ("icdar", icdar),
        ("damaged", root / "damaged"),
        ("shards", root / "shards"),
    ):
        found[name] = root / (name + ".html")
        write_dataset_page(path, found[name], count=200)
    write_run(root / "run")
    Image.new("RGB", (90, 32), (200, 90, 90)).save(str(root / "a.png"))
    misses = [Miss((root / "a.png").read_bytes(), "七百", text, "9%") for text in ("七佰", "")]
    found["run"] = write_run_page(root / "run", misses, "Of step 2.")
    return found


def watched(browser, path, **settings):
    """Opens a page; returns it with all that went wrong and all that it asked for."""
    context = browser.new_context(offline=True, **settings)
    page, wrong, asked = context.new_page(), [], []
    page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(request.url[:80]))
    page.on("request", lambda request: asked.append(request.url.split(":", 1)[0]))
    page.goto(path.as_uri())
    return page, wrong, asked


@pytest.mark.parametrize("name", ["lines", "scenes", "icdar", "damaged", "shards", "run"])
@pytest.mark.parametrize("width,scheme", [(1400, "light"), (360, "dark")])
def test_a_page_opens_without_an_error(browser, pages, name, width, scheme):
    view = {"width": width, "height": 800}
    page, wrong, asked = watched(browser, pages[name], viewport=view, color_scheme=scheme)
    assert page.locator("h1").inner_text() and page.locator("svg.chart").count() >= 3
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    drawn = "[...document.images].every(i => i.complete && i.naturalWidth > 0)"
    assert page.evaluate(drawn) and page.locator("img").count() >= 2
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(int(part) for part in paper[4:-1].split(",")) > 384
    assert light == (scheme == "light")
    assert set(asked) <= {"file", "data"}
    page.context.close()
    assert wrong == []


def test_an_error_would_be_seen(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text('<!DOCTYPE html><img src="missing.png"><script>nothing()</script>')
    _, wrong, _ = watched(browser, path)
    assert len(wrong) >= 2 and any("nothing is not defined" in one for one in wrong)


def test_samples_are_looked_at_with_the_keyboard(browser, pages):
    page, wrong, _ = watched(browser, pages["scenes"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("button.sample").nth(1).focus()
    page.keyboard.press("Enter")
    box, notes = page.locator("dialog"), page.locator("button.sample small").all_inner_texts()
    assert box.is_visible() and box.locator("small").inner_text() == notes[1]
    page.keyboard.press("ArrowRight")
    assert box.locator("small").inner_text() == notes[2]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert box.locator("small").inner_text() == notes[-1]
    page.keyboard.press("Escape")
    assert not box.is_visible()
    # The browser gives the focus back after the key.
    page.wait_for_function(
        "note => document.activeElement.querySelector('small')?.innerText === note", arg=notes[-1]
    )
    page.context.close()
    assert wrong == []


@pytest.mark.long
def test_a_split_and_outlines_are_chosen(browser, pages):
    page, wrong, _ = watched(browser, pages["scenes"])
    shown = page.locator("button.sample:visible")
    every, outlines = shown.count(), page.locator(".sample polygon")
    page.get_by_label("test", exact=True).check()
    assert every == 6 and shown.count() == 2 and outlines.last.is_visible()
    page.get_by_label("outlines").uncheck()
    assert not outlines.last.is_visible()
    page.get_by_label("all", exact=True).check()
    assert shown.count() == every
    page.context.close()
    assert wrong == []
