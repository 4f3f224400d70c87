"""The three skills: names, definitions, facets and coaching questions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Skill:
    """One product-manager skill.

    Attributes
    ----------
    key
        The label in corpora, models and output.
    title
        The name shown to people.
    definition
        What the words of a unit must show.
    question
        The coaching question asked when a resume is silent about the skill.
    missing
        What to ask about a unit that nearly shows the skill.
    facets
        The ways in which a unit can show the skill.
    rate
        The share of the units of real resumes that show it, between 0 and 1, measured on 1,396 of them for the
        annotation guideline; None where unknown.
    """

    key: str
    title: str
    definition: str
    question: str
    missing: str
    facets: tuple[str, ...]
    rate: float | None = None


SKILLS: tuple[Skill, ...] = (
    Skill(
        key="problem_solving",
        title="Problem solving",
        definition="identifies, understands or solves a problem",
        question=(
            "What steps do you take when faced with a problem, how do you decide on a course of "
            "action, and how do you know that it was solved in the best way?"
        ),
        missing="What was wrong, slow or unknown before, what did you change, and what was better afterwards?",
        facets=("found", "decided", "solved", "verified"),
        rate=0.09,
    ),
    Skill(
        key="customer_centric",
        title="Customer centricity",
        definition="puts attention on the customer's or user's needs, view or experience",
        question="When, where and how did you put the customer's view above your own?",
        missing="Whom did it serve, what did they need, and how do you know that it helped them?",
        facets=("served", "learned", "acted", "measured"),
        rate=0.08,
    ),
    Skill(
        key="influence",
        title="Leading through influence",
        definition="gets people whom they do not command to agree, decide, change or act together",
        question=(
            "Where did you move people you do not command, so that they left the meeting with the plan you came for?"
        ),
        missing="Who, outside your command, had to agree or change, and what did they do in the end?",
        facets=("persuaded", "aligned", "negotiated", "raised"),
        rate=0.03,
    ),
)

LABELS: tuple[str, ...] = tuple(skill.key for skill in SKILLS)


def skill(key: str) -> Skill:
    """Return the skill of a label; a label of one's own gets its key as title.

    Examples
    --------
    >>> skill("influence").title
    'Leading through influence'
    >>> skill("grit").title
    'Grit'
    """
    for known in SKILLS:
        if known.key == key:
            return known
    title = key.replace("_", " ").capitalize()
    return Skill(key, title, "", f"Where does your history show {title.lower()}?", "What did you do?", ())
