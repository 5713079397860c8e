"""`web/app/dom.js` in a browser: a redraw touches only what differs, and what was drawn before never shows through."""

from typing import Any, Final

import pytest
from playwright.async_api import Page

from api.pages.site import SITE, address
from tests.e2e.browser import Phones

DOM: Final = address(max(SITE.versions, key=lambda each: len(SITE.versions[each])), "app/dom.js")
BEGIN: Final = f"""async () => {{
  Object.assign(globalThis, await import("{DOM}"));
  globalThis.place = document.body.appendChild(document.createElement("div"));
}}"""


@pytest.fixture
async def page(phones: Phones) -> Page:
    """Give a page with nothing in it but `h`, `draw` and a `place` to draw into."""
    found = (await phones.open()).page
    await found.route(
        "**/empty", lambda route: route.fulfill(content_type="text/html", body="<!doctype html><title>-</title>")
    )
    await found.goto("/empty")
    await found.evaluate(BEGIN)
    return found


CASES: Final[dict[str, tuple[str, Any]]] = {
    "a key keeps its element where the order changes": (
        """const row = (key) => h("li", { key }, key);
        draw(place, ["a", "b", "c"].map(row));
        const [a, b, c] = place.children;
        draw(place, ["c", "x", "a"].map(row));
        return [place.textContent, place.children[0] === c, place.children[2] === a, b.isConnected];""",
        ["cxa", True, True, False],
    ),
    "another tag under the same key is another element": (
        """draw(place, h("p", { key: 1 }, "p"));
        const before = place.firstChild;
        draw(place, h("b", { key: 1 }, "b"));
        return [place.innerHTML, before.isConnected];""",
        ["<b>b</b>", False],
    ),
    "focus, selection and what was typed survive": (
        """const field_ = h("input", { key: "i", value: "first" });
        const form = (words) => [h("p", null, words), field_, words && h("p", null, "more")];
        draw(place, form(""));
        const field = place.querySelector("input");
        field.focus();
        field.value = "typed";
        field.setSelectionRange(1, 3);
        draw(place, form("again"));
        return [document.activeElement === field, field.value, field.selectionStart, field.selectionEnd];""",
        [True, "typed", 1, 3],
    ),
    "a value that is described anew is written": (
        """draw(place, h("input", { value: "one" }), h("input", { type: "checkbox", checked: true }));
        draw(place, h("input", { value: "two" }), h("input", { type: "checkbox", checked: false }));
        return [place.children[0].value, place.children[1].checked];""",
        ["two", False],
    ),
    "the value of a choice is one of its options, which come first": (
        """const options = ["a", "b", "c"].map((each) => h("option", { value: each }, each));
        const choice = (value) => h("select", { value }, options);
        draw(place, choice("b"));
        const first = place.firstChild.value;
        draw(place, choice("c"));
        return [first, place.firstChild.value];""",
        ["b", "c"],
    ),
    "listeners are replaced, not added, and go": (
        """const heard = [];
        const button = (onclick) => draw(place, h("button", onclick ? { onclick } : null, "go"));
        button(() => heard.push("one"));
        place.firstChild.click();
        button(() => heard.push("two"));
        place.firstChild.click();
        button(null);
        place.firstChild.click();
        return heard;""",
        ["one", "two"],
    ),
    "a listener's answer does not undo a click": (
        """draw(place, h("input", { type: "checkbox", onclick: () => false }));
        place.firstChild.click();
        return place.firstChild.checked;""",
        True,
    ),
    "what is described no more is taken away": (
        """const all = { disabled: true, hidden: true, title: "t", "aria-label": "l", style: { "--x": "1" } };
        draw(place, h("button.big", all, "go"));
        draw(place, h("button", null, "go"));
        return place.innerHTML.replace(' style=""', "");""",
        "<button>go</button>",
    ),
    "false, null and undefined leave an attribute out, true is empty": (
        """draw(place, h("a", { href: null, title: undefined, download: false, "data-on": true, "data-n": 0 }));
        return place.innerHTML;""",
        '<a data-on="" data-n="0"></a>',
    ),
    "custom properties go through the object model": (
        """draw(place, h("p", { style: { "--x": "1", "--y": "2" } }));
        draw(place, h("p", { style: { "--x": "3" } }));
        return [...place.firstChild.style].map((name) => [name, place.firstChild.style.getPropertyValue(name)]);""",
        [["--x", "3"]],
    ),
    "drawings are of SVG, down to foreign objects": (
        """const inner = [h("g", null, h("path", { d: "M0 0" })), h("foreignObject", null, h("p"))];
        draw(place, h("svg", { viewBox: "0 0 1 1" }, inner), h("p"));
        return [...place.querySelectorAll("*")].map((each) => each.namespaceURI.split("/").at(-1));""",
        ["svg", "svg", "svg", "svg", "xhtml", "xhtml"],
    ),
    "text stands beside elements, numbers too, and nothing where there is none": (
        """draw(place, "a", 0, null, false, undefined, h("b", null, 1), ["c", ["d"]]);
        const before = [...place.childNodes];
        draw(place, "x", 2, h("b", null, 3), ["y", ["z"]]);
        return [place.innerHTML, before.every((each, at) => place.childNodes[at] === each)];""",
        ["x2<b>3</b>yz", True],
    ),
    "mounted and gone are called once each, whatever happens between": (
        """const heard = [];
        const life = { mounted: (p) => heard.push(`mounted ${p.textContent}`), gone: () => heard.push("gone") };
        const part = (words) => h("p", { key: "p", ...life }, words);
        draw(place, h("div", null, part("one")));
        await null;
        draw(place, h("div", null, "before", part("two")));
        await null;
        draw(place);
        await null;
        return heard;""",
        ["mounted one", "gone"],
    ),
    "mounted is not called for what is gone at once": (
        """const heard = [];
        draw(place, h("p", { mounted: () => heard.push("mounted"), gone: () => heard.push("gone") }));
        draw(place);
        await null;
        return heard;""",
        ["gone"],
    ),
    "an element without properties is mounted too": (
        """const heard = [];
        draw(place, h("p"));
        draw(place, h("p", { mounted: () => heard.push("late") }));
        await null;
        await null;
        return [place.children.length, heard.length <= 1];""",
        [1, True],
    ),
    "text of strangers stays text": (
        """draw(place, h("p", { title: '"><b>' }, "<img src=x onerror=alert(1)>"));
        return [place.querySelectorAll("*").length, place.firstChild.textContent];""",
        [1, "<img src=x onerror=alert(1)>"],
    ),
}


async def test_what_a_redraw_does(page: Page) -> None:
    """Each rule of the module's own page of words."""
    wrong = []
    for name, (act, expected) in CASES.items():
        found = await page.evaluate(f"async () => {{ place.replaceChildren(); {act} }}")
        if found != expected:
            wrong.append(f"{name}: {found}, not {expected}")
    assert not wrong, "\n".join(wrong)


FUZZ: Final = """(seed) => {
  const dice = () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32);
  const pick = (...these) => these[Math.floor(dice() * these.length)];
  const some = (most, make) => Array.from({ length: Math.floor(dice() * (most + 1)) }, make);
  const props = () => ({
    ...(dice() < 0.4 && { class: pick("a", "b", "a b") }),
    ...(dice() < 0.3 && { "data-x": pick("1", true, false, null, 2) }),
    ...(dice() < 0.3 && { hidden: pick(true, false) }),
    ...(dice() < 0.3 && { style: pick({ "--x": "1" }, { "--y": "2" }, { "--x": "2", "--y": "1" }) }),
  });
  const tree = (depth) => {
    const kind = dice();
    if (kind < 0.2 || depth === 0) return pick("one", "two", "", 3, null, false);
    const keys = new Set();
    const children = some(5, () => tree(depth - 1)).map((each) => {
      if (!each?.tag || dice() < 0.5) return each;
      const key = pick(1, 2, 3, "four", "five");
      return keys.has(key) ? each : (keys.add(key), { ...each, key, props: { ...each.props, key } });
    });
    return h(pick("div", "p.lead", "svg", "b"), props(), ...children);
  };
  const styleOf = (whole) => whole.slice(8, -1).split(";").map((each) => each.trim()).filter(Boolean).sort();
  const inOrder = (tag) => tag.split(/ (?=[\\w-]+=)/).sort().join(" ").replaceAll(">", "");
  // The order of attributes and of properties is nobody's business.
  const plain = (parent) => parent.innerHTML.replaceAll(/ style="[^"]*"/g, (whole) => ` style="${styleOf(whole)}"`)
    .replaceAll(' style=""', "").replaceAll(/<[^>]*>/g, inOrder);
  for (let round = 0; round < 300; round += 1) {
    const wanted = some(5, () => tree(4));
    draw(place, ...wanted);
    const fresh = document.createElement("div");
    draw(fresh, ...wanted);
    if (plain(place) !== plain(fresh)) return `round ${round}: ${place.innerHTML} is not ${fresh.innerHTML}`;
  }
  return null;
}"""


async def test_a_redraw_is_as_good_as_new(page: Page) -> None:
    """Random trees drawn one over the other look as if each were drawn on an empty page; a failure names its seed."""
    for seed in range(1, 9):
        assert await page.evaluate(FUZZ, seed) is None, seed
