"""The pages in a real browser: Debian's Chromium, driven by Playwright."""

import shutil
from pathlib import Path

import pytest

import pmskills
from pmskills.cohort import read_cohort

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Open a page; fail on anything that it logs or asks the network for."""
    complaints = []

    def open_page(html, **options):
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf8")
        page = browser.new_page(**options)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        return page

    yield open_page
    assert complaints == []


@pytest.fixture
def analysis(analyzer, resume):
    return analyzer(pmskills.Document(resume, source="resume.txt"))


def test_highlights_stand_at_the_right_words(visit, analysis, resume):
    page = visit(analysis.to_html())
    assert (
        page.locator("#text").evaluate(
            "e => { const c = e.cloneNode(true); c.querySelectorAll('a').forEach(a => a.remove()); return c.textContent }"
        )
        == resume
    )
    marked = page.locator("mark").evaluate_all(
        "es => es.map(e => { const c = e.cloneNode(true); c.querySelectorAll('a').forEach(a => a.remove()); return c.textContent })"
    )
    assert marked == sorted({item.text for found in analysis.evidence.values() for item in found}, key=resume.index)
    for word in page.locator("mark b").all_text_contents():
        assert word in resume


def test_links_lead_from_the_list_to_the_words_and_back(visit, analysis):
    page = visit(analysis.to_html())
    first = page.locator("li[data-evidence]").first
    number = first.get_attribute("data-evidence")
    first.locator("a").click()
    assert page.evaluate("location.hash") == f"#m{number}"
    target = page.locator(f"#m{number}")
    assert target.evaluate("e => e.textContent").startswith(
        page.locator("mark")
        .filter(has=page.locator(f"a[data-number='{number}']"))
        .first.evaluate("e => e.textContent")[:10]
    )
    page.locator(f"mark a[data-number='{number}']").press("Enter")
    assert page.evaluate("location.hash") == f"#i{number}"


def test_filters_hide_and_show(visit, analysis):
    page = visit(analysis.to_html())
    total = sum(map(len, analysis.evidence.values()))
    shown = page.locator("li[data-evidence]:visible")
    assert shown.count() == total
    page.get_by_role("checkbox", name="Customer centricity").uncheck()
    assert shown.count() == total - len(analysis.evidence["customer_centric"])
    assert page.locator("#status").text_content() == f"{shown.count()} of {total} pieces of evidence shown"
    page.get_by_role("checkbox", name="described").uncheck()
    demonstrated = [
        i
        for label, f in analysis.evidence.items()
        if label != "customer_centric"
        for i in f
        if i.strength == "demonstrated"
    ]
    assert shown.count() == len(demonstrated) > 0
    assert page.locator("mark:not(.off)").count() == len({item.start for item in demonstrated})
    page.get_by_role("button", name="Show all").press("Enter")
    page.wait_for_function(f"document.querySelectorAll('li[data-evidence]:not([hidden])').length == {total}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_accessibility_violations(visit, analysis, tmp_path, resume, scheme):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(resume)
    list(pmskills.score(tmp_path / "in", output=tmp_path / "out.jsonl", n_jobs=1))
    silent = pmskills.analyze("Filed mail.")
    for html in (analysis.to_html(), silent.to_html(), read_cohort(tmp_path / "out.jsonl").to_html("Team")):
        page = visit(html, color_scheme=scheme, bypass_csp=True)
        found = axe.Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_evaluation_page_has_no_accessibility_violations(visit, analyzer):
    units = pmskills.read_corpus(Path(__file__).parent.parent / "corpora" / "vivid-units")[:300]
    page = visit(pmskills.evaluate(analyzer, units).to_html(), bypass_csp=True)
    assert [one["id"] for one in axe.Axe().run(page).response["violations"]] == []


def test_hostile_text_runs_nothing(visit):
    text = "Resolved complaints of guests <script>console.log(1)</script><img src=x onerror=console.log(2)> javascript:alert(1)\n"
    page = visit(pmskills.analyze(pmskills.Document(text * 3, source="<svg onload=console.log(3)>")).to_html())
    assert page.locator("img, svg").count() == 0
    assert page.locator("script").count() == 1


def test_report_prints_on_two_pages(visit, analyzer):
    document = pmskills.read_document(Path(__file__).parent.parent / "docs" / "example-resume.pdf")
    data = visit(analyzer(document).to_html()).pdf(format="A4")
    assert len(pmskills.read_document(data).pages) <= 2


def test_report_needs_no_sideways_scrolling_on_a_phone(visit, analysis):
    page = visit(analysis.to_html(), viewport={"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
