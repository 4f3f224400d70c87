"""Self-contained HTML pages: everything from outside is escaped, nothing is fetched, no script but our own runs."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pmskills.render import facets_of, percent, place, ranked, safe


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pmskills"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "safe_line": safe,
        "facets_of": facets_of,
        "percent": percent,
        "place": place,
        "ranked": ranked,
    }
    return environment


def page(template: str, *, script: str = "", **values: Any) -> str:
    """Return a page of ``templates/``.

    Parameters
    ----------
    template
        Its file name.
    script
        File name of the script that the page may run; no other one can.
    values
        What the template shows.
    """
    code = Markup(_source(script)) if script else Markup("")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    allowed = f"'sha256-{digest}'" if script else "'none'"
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}"
    style = Markup(_source("style.css"))
    return _environment().get_template(template).render(style=style, script=code, policy=policy, **values)


def _source(name: str) -> str:
    environment = _environment()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def evaluation_page(result: Mapping[str, Any], title: str = "Evaluation") -> str:
    """Return the page of `Evaluation.to_dict`.

    Raises
    ------
    PMSkillsError
        matplotlib (extra 'plot') is not installed.
    """
    from pmskills import plots

    figures = {label: Markup(plots.threshold_and_reliability(result, label)) for label in result["labels"]}
    return page("evaluation.html.j2", title=title, result=result, figures=figures)


def comparison_page(result: Mapping[str, Any], title: str = "Comparison of two models") -> str:
    """Return the page of `Comparison.to_dict`.

    Raises
    ------
    PMSkillsError
        matplotlib (extra 'plot') is not installed.
    """
    from pmskills import plots

    return page("comparison.html.j2", title=title, result=result, figure=Markup(plots.intervals(result)))
