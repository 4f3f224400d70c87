import re
from html import unescape

import pytest
from test_evaluation import made

from pmskills import compare, evaluate

HOSTILE = '<script>alert(1)</script>"$x^2$'


@pytest.fixture(scope="module")
def pages():
    examples, model = made(labels=("a", HOSTILE))
    _, other = made(labels=("a", HOSTILE), noise=0.9)
    return evaluate(model, examples).to_html(HOSTILE), compare(model, other, examples).to_html(HOSTILE)


def test_pages_show_the_scores():
    examples, model = made()
    result = evaluate(model, examples)
    page = result.to_html("My corpus")
    assert "<title>My corpus</title>" in page
    for score in result.labels.values():
        assert f"<td>{score.precision:.3f}</td>" in page
        assert f"{score.f1:.3f} ({score.f1_interval[0]:.2f} to {score.f1_interval[1]:.2f})" in page
    assert page.count("<svg") == 2
    assert "1 to 7 words" in page


def test_comparison_page_has_the_verdict():
    examples, model = made()
    result = compare(model, made(noise=0.9)[1], examples)
    page = result.to_html()
    assert result.verdict in unescape(page)
    assert f"{result.f1_difference:+.3f}" in page
    assert page.count("<svg") == 1


def test_pages_escape_what_comes_from_outside(pages):
    for page in pages:
        assert "<script" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_pages_fetch_nothing_and_run_nothing(pages):
    for page in pages:
        assert "default-src 'none'; style-src 'unsafe-inline'; script-src 'none'" in unescape(page)
        assert not re.findall(r"""(?:src|href)=["'](?!#)|@import|url\((?!#)""", page)


def test_pages_of_the_same_figures_are_the_same():
    examples, model = made()
    assert evaluate(model, examples).to_html() == evaluate(model, examples).to_html()
