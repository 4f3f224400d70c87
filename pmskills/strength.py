"""How strongly a unit shows its skill: a claim, a deed, or a deed with what came of it. Rules over tags and words.

- claimed: names a quality, an ability or experience, and no deed ("Excellent problem solver").
- described: a deed ("Resolved customer complaints").
- demonstrated: a deed and what came of it: a measure that moved, an amount saved or won, an outcome in words
  ("Cut returns by 30%", "which ended double bookings", "got it approved").

`docs/evidence.md` gives the rules in words and how far they agree with people.
"""

import re
from typing import Literal

from spacy.tokens import Doc, Span

Strength = Literal["claimed", "described", "demonstrated"]
STRENGTHS: tuple[Strength, ...] = ("claimed", "described", "demonstrated")

_CLAIM = re.compile(
    r"\b(?:(?:strong|excellent|exceptional|outstanding|superior|solid|great|good|effective|proven|demonstrated)\b"
    r"(?:[ ,]+(?:and |in )?[\w&/-]+){0,8}?[ ,]+(?:skills?|abilit(?:y|ies)|communicators?|leaders?|negotiators?|"
    r"listeners?|thinkers?|solvers?|record|attention|knowledge|understanding|engagement|service|contacts|player)"
    r"|skills?\b|abilit(?:y|ies) to|able to|capable of|skilled (?:in|at)|adept|expertise|experience[d]? (?:in|with)"
    r"|years?['’]? (?:of )?(?:\w+ ){0,3}experience|known for|team player|problem[- ]solver|professional with|specializ\w+ in"
    r"|knowledge of|highly|motivated|passionate|detail[- ]oriented|dependable|compassionate|proficien\w+|competenc\w+"
    r"|i am (?:a |an |very |always )*(?:\w+)|fast learner|-(?:focused|oriented|driven)\b)",
    re.I,
)
_NO_DEED_HEADS = frozenset(
    "seeking looking known skilled experienced motivated able possess possesses have has having proven demonstrated "
    "specializing specialising dedicated committed driven talented seasoned accomplished qualified "
    "certified licensed is am are was be exceptional outstanding understanding".split()
)
_BE_OR_HAVE = frozenset("am is are was were be been being have has had 'm 've".split())
_MOVED = (
    r"(?:reduc(?:e[sd]?|ing|tions?)|increas(?:e[sd]?|ing)|decreas(?:e[sd]?|ing)|improv(?:e[sd]?|ing|ements?)|cut(?:s|ting)?|"
    r"sav(?:e[sd]?|ing)|shorten(?:s|ed|ing)?|eliminat(?:e[sd]?|ing)|boost(?:s|ed|ing)?|lower(?:s|ed|ing)?|rais(?:e[sd]?|ing)|"
    r"gr[eo]w(?:s|ing|th|n)?|doubl(?:e[sd]?|ing)|tripl(?:e[sd]?|ing)|halv(?:e[sd]?|ing)|rose|fell|fall(?:s|ing|en)?|"
    r"drop(?:s|ped|ping)?|went|gain(?:s|ed|ing)?|recover(?:s|ed|ing|y)?|free(?:s|d|ing)|climb(?:s|ed|ing)?|bring(?:s|ing)?|"
    r"brought|moved? (?=from|by|up|down)|came|wins?|won|winning|exceed(?:s|ed|ing)?|up (?!to \d[\d,.]* (?:hours?|days?|minutes?|weeks?))|down )"
    r"(?:(?<= )|(?!-)\b)"
)
_OUTCOME = re.compile(
    "|".join(
        (
            # a measure that moved, or the level it reached
            rf"\b{_MOVED}.{{0,80}}?(?:\d[\d,.]*\s?(?:%|percent|per cent|points?|hours?|days?|minutes?|weeks?)|[$€£₹]\s?\d|\bhalf\b|\bthird\b(?![- ]part)|\bquarter\b)",
            r"\bfrom (?:about |over |around |nearly )?[$€£₹]?\d[\d,.]*(?:%|[kKmM]\b)?(?: [a-z]+){0,3} (?:down |up )?to (?:about |under |over |below |above )?[$€£₹]?\d[\d,.]*(?:%|[kKmM]\b)?(?![\w/])",
            r"\b(?:above|over|below|under|at least|reached|to) \d[\d,.]*\s?(?:%|percent\b)|\b(?:rose|fell|went|grew|climbed|dropped)\b.{0,30}\bto\b",
            r"\b(?:is|are|was|were) now\b|\bnow\b.{0,40}\b(?:never|under|below|above|only|almost)\b|\b(?:it|which) (?:is|was) (?:now )?\d",
            # an amount found, saved or won
            r"\b(?:found|identified|uncovered|discovered|spotted|saved|saving|secured|won|raised|recovered|recovering|freeing)\b.{0,40}?[$€£₹]\s?\d",
            r"\bremoving (?:around |about |over )?[\w]+ (?:hundred|thousand|\d)",
            # what came of it, in words
            r"\b(?:resulting in|resulted in|leading to|led to|thereby|thus|as a result|due to which|contributing to|with the result)\b",
            r"\b(?:which|that) (?:had |has |later |then |all |now )?(?:\w+ly )?(?:ended|cut|brought|led|reduced|decreased|increased|improved|relieved|saved|raised|stopped|solved|"
            r"lowered|doubled|became|helped|kept|allowed|enabled|made|reached|got|joined|passed|moved|won)\b",
            r"\buntil\b.{0,60}\b(?:was|were|could|made|signed|agreed|came|cleared|is|are)\b|\btill\b.{0,30}\b(?:signed|agreed|was)\b",
            r"\b(?:became|become) the\b.{0,30}\b(?:standard|template|model|norm)\b|\b(?:ended|ending) up\b|\bfewer\b|\b(?:and|so|until|when|which) (?:\w+ ){0,3}(?:joined|stopped)\b",
            r"\b(?:who|both|most|all|they|and it|same)\b.{0,30}\b(?:graduated|signed|postponed|agreed|renewed|passed|promoted|sanctioned|adopted|kept (?!late|long|odd))\b",
            r"\b(?:adopted|approved|sanctioned|funded|accepted|renewed|implemented) by\b|\bobtained (?:\w+ )?approval\b|\bgot it (?:approved|funded|signed|adopted)",
            r"\bpersuad(?:ed|ing) .{2,60}\bto\b|\bconvinc(?:ed|ing) .{2,60}\bto\b|\b(?:talked|argued|reasoned) .{2,60}\b(?:into|out of)\b|\bgot .{2,80}\bto (?:agree|sit|sign|share|adopt|come|move)\b",
            r"\bagreed (?:on|to|that)\b|\bsigned it\b|\breached (?:a|an|agreement)|\bbrought both (?:sides|parties)",
            r"\b(?:so|and) (?:\w+ ){1,5}?(?:sold|ran|arrived|finished|passed|stayed|fell|rose|dropped|never|no longer|on time)\b",
            # a measure moved by a means that is named
            r"^\W*(?:i |we )?(?:reduced|increased|decreased|cut|shortened|eliminated|lowered|raised|saved|overcame|improved|boosted|halved|doubled|removed)\b.{3,80}\bby (?:\w+ )?\w+ing\b",
            r"\b(?:removed|solved|overcome|saved|eliminated) by \w+ing\b",
            r"\bachieved\b.{0,60}\b(?:by|through)\b|\b(?:feedback|ratings?|scores?)\b.{0,40}\b(?:positive|high|highest|rose|improved)\b",
        )
    ),
    re.I | re.S,
)


def strength(unit: Doc | Span) -> Strength:
    """Return how strongly a tagged unit that shows a skill shows it.

    Examples
    --------
    >>> import pmskills
    >>> nlp = pmskills.load().nlp
    >>> [strength(nlp(text)) for text in ("Excellent problem solver", "Fixed the till.", "Cut queues by 30%.")]
    ['claimed', 'described', 'demonstrated']
    """
    if not has_deed(unit):
        return "claimed"
    return "demonstrated" if _OUTCOME.search(unit.text.replace("\n", " ")) else "described"


def has_deed(unit: Doc | Span) -> bool:
    """Tell whether a tagged unit says that somebody did or does something."""
    words = [(token.lower_, token.tag_) for token in unit if not (token.is_punct or token.is_space)]
    if not words:
        return False
    head, tag = next(((word, tag) for word, tag in words if tag != "RB"), words[0])
    if tag in ("VBD", "VBZ", "VBP", "VB", "VBG") and head not in _NO_DEED_HEADS:
        return True
    finite = any(tag in ("VBD", "VBZ", "VBP") and word not in _BE_OR_HAVE for word, tag in words)
    if finite and any(word in ("i", "we", "he", "she", "they") for word, _ in words[:12]):
        return True
    if _CLAIM.search(unit.text):
        return False
    return any(tag[:2] == "VB" and word not in _BE_OR_HAVE for word, tag in words)


_CLAIMED = {
    "problem_solving": re.compile(
        r"problem[- ]?solv|analytical|critical think|trouble-?shoot|root[- ]cause|decision[- ]making|resourceful"
        r"|process improvement|continuous improvement|problem resolution|problem analysis",
        re.I,
    ),
    "customer_centric": re.compile(
        r"(?:customer|client|guest|patient|user|student|member)s?[- ](?:service|focus|centri|orient|satisf|relation|care"
        r"|driven|support|experience|retention|success|first)|empath|compassion|good listener|active listen|people skills"
        r"|people person|user research",
        re.I,
    ),
    "influence": re.compile(
        r"influenc|persua|negotiat|stakeholder|consensus|buy-in|mediation|conflict resolution|facilitation"
        r"|cross[- ]functional|leadership|relationship[- ]build|motivator|mentor",
        re.I,
    ),
}

# On lower case: thrice as fast as looking away from case.
_ANY_CLAIMED = re.compile("|".join(pattern.pattern for pattern in _CLAIMED.values()))


def names_skill(text: str) -> bool:
    """Tell whether a text has words that claims are made of."""
    return _ANY_CLAIMED.search(text.lower()) is not None


def claims(unit: Doc | Span, *, listed: bool = False) -> tuple[str, ...]:
    """Return the skills that a tagged unit claims without a deed.

    Parameters
    ----------
    unit
        The unit.
    listed
        Whether it is an item of a list of skills: there a name is a claim, elsewhere it may be a title.

    Examples
    --------
    >>> import pmskills
    >>> claims(pmskills.load().nlp("Excellent negotiation and problem solving skills"))
    ('problem_solving', 'influence')
    """
    text = unit.text
    if not names_skill(text) or not (listed or _CLAIM.search(text)) or has_deed(unit):
        return ()
    return tuple(label for label, pattern in _CLAIMED.items() if pattern.search(text))
