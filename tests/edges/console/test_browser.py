"""The console in a real browser with scripts switched off."""

import socket
import threading
import time

import pytest
import uvicorn

from brownfield.rules.proposal import State

from .browser import Chromium

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def chromium(tmp_path, browser):
    with Chromium(browser, tmp_path / "profile") as started:
        yield started


@pytest.fixture
def address(office):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(office.app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until = time.monotonic() + 10
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


async def test_a_person_signs_in_and_decides(office, agent, anna, address, chromium, tmp_path):
    """R69, R70: the whole way with scripts off, under our own policy: cookies, forms, redirects and style hold."""
    seen = await office.propose(agent, reason="Customer asked \u202efor it")
    chromium.open(f"{address}/console/proposals/{seen.proposal.id}")
    chromium.type("input[type=password]", anna)
    chromium.click("main button")
    assert chromium.look("document.querySelector('h1').textContent").startswith("Place hold")
    assert chromium.look("getComputedStyle(document.querySelector('.worth')).fontWeight") == "700"
    assert chromium.look("document.cookie") == ""
    chromium.picture(tmp_path / "decide.png")
    assert (tmp_path / "decide.png").read_bytes().startswith(b"\x89PNG")
    chromium.type("textarea", "looks right")
    chromium.click("button[value=approved]")
    assert "looks right" in chromium.look("document.body.innerText")
    caller = office.assembly.guard.admit(anna)
    assert office.assembly.proposing.get(caller, seen.proposal.id).proposal.state is State.APPROVED


async def test_nothing_is_cut_off_on_a_phone(office, agent, anna, address, chromium):
    """R70: at 320 px every page fits, in light and in dark, and text has the contrast of WCAG AA."""
    await office.propose(agent, units=600, reason="x" * 5000, sku="A-" + "9" * 120)
    opened, feed = office.assembly.kernel.feed("inventory", "stock_count")
    office.assembly.collecting.run(opened, feed)
    chromium.open(f"{address}/")
    chromium.type("input[type=password]", anna)
    chromium.click("main button")
    for dark in (False, True):
        chromium.size(320, 640, dark=dark)
        for page in ("proposals", "systems", "batches", "batches/1", "audit"):
            chromium.open(f"{address}/console/{page}")
            assert chromium.look("document.documentElement.scrollWidth") <= 320, page
            assert chromium.look(FAINT) == [], (page, dark)


FAINT = """
(() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const paper = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (!c.startsWith('rgba(0, 0, 0, 0') && c !== 'transparent') return c; } return 'rgb(255, 255, 255)'; };
  const faint = new Set();
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.offsetParent) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(paper(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.add(e.tagName + '.' + e.className);
  }
  return [...faint];
})()
"""
"""The elements whose text has less than 4.5 : 1 against what lies behind it (WCAG 2.2, 1.4.3)."""
