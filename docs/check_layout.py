"""Count code, tables and figures that are cut off in the built documentation.

Run ``python docs/check_layout.py [FOLDER]`` after a build. Every page is opened in headless
Chromium at widths of 1280 and 390 pixels. The exit status is 1 if anything is cut off or if a page
writes to the browser's console. Needs Playwright (extra ``test``) and an installed Chromium.
"""

import argparse
import contextlib
import shutil
import sys
from collections import Counter
from pathlib import Path

HTML = Path(__file__).resolve().parent / "_build" / "html"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = {1280: "code blocks", 390: "tables and figures"}

# Elements whose content is wider than the element itself.
CUT_CODE = """() => [...document.querySelectorAll('.bd-article pre')]
    .filter(pre => pre.offsetParent && pre.scrollWidth > pre.clientWidth + 1)
    .map(pre => pre.innerText.split('\\n').sort((a, b) => b.length - a.length)[0])"""

# Tables whose last column, and figures whose right edge, is beyond the visible area.
HIDDEN = """() => {
    const right = element => {
        let edge = innerWidth;
        for (let parent = element.parentElement; parent; parent = parent.parentElement)
            if (getComputedStyle(parent).overflowX !== 'visible')
                edge = Math.min(edge, parent.getBoundingClientRect().right);
        return edge;
    };
    const hidden = element => element.offsetParent &&
        element.getBoundingClientRect().right > right(element) + 2;
    const tables = [...document.querySelectorAll('.bd-article table')]
        .filter(table => table.rows.length && hidden([...table.rows[0].cells].at(-1)))
        .map(table => 'table: ' + table.rows[0].innerText);
    const figures = [...document.querySelectorAll('.bd-article img, .bd-article svg')]
        .filter(hidden)
        .map(image => 'figure: ' + (image.getAttribute('src') || 'svg').slice(0, 80));
    return tables.concat(figures);
}"""


@contextlib.contextmanager
def open_browser():
    """Return a context with a headless Chromium."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise SystemExit(f"Chromium was not found. Install one of {', '.join(PROGRAMS)}.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def check(folder):
    """Return ``{kind: ["page: what", ...]}`` for all pages in a folder."""
    problems = {"code blocks": [], "tables and figures": [], "console messages": []}
    pages = [
        path
        for path in sorted(folder.rglob("*.html"))
        if "_static" not in path.relative_to(folder).parts
    ]
    with open_browser() as browser:
        for width, kind in WIDTHS.items():
            page = browser.new_page(viewport={"width": width, "height": 900})
            messages = []
            page.on("console", lambda message, seen=messages: seen.append(message.text))
            page.on("pageerror", lambda error, seen=messages: seen.append(str(error)))
            for path in pages:
                name = path.relative_to(folder).as_posix()
                messages.clear()
                page.goto(path.as_uri())
                found = page.evaluate(CUT_CODE if kind == "code blocks" else HIDDEN)
                problems[kind] += [f"{name}: {what}" for what in found]
                problems["console messages"] += [f"{name}: {text}" for text in messages]
            page.close()
    return len(pages), problems


def main():
    """Print the problems and their numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HTML)
    n_pages, problems = check(parser.parse_args().folder.resolve())
    for kind, found in problems.items():
        for line in found:
            print(f"{kind}: {line}")
    n_code, n_wide, n_messages = map(len, problems.values())
    print(f"\n{n_pages} pages")
    print(f"1280 px: {n_code} code blocks cut off")
    print(f" 390 px: {n_wide} tables or figures whose last column is hidden")
    print(f"console: {n_messages} messages")
    worst = Counter(line.split(":")[0] for found in problems.values() for line in found)
    for name, count in worst.most_common(10):
        print(f"  {count:3} {name}")
    return int(any(problems.values()))


if __name__ == "__main__":
    sys.exit(main())
