"""Find the sentences of a resume that show product-manager skill."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmskills.analysis import Analysis, Coverage, Evidence
    from pmskills.annotators import Agreement, agreement
    from pmskills.batch import Result, score, score_frame
    from pmskills.checks import Finding, Report, check
    from pmskills.corpus import Corpus, Example, read_corpus, write_corpus
    from pmskills.documents import Document, read_document
    from pmskills.errors import CorpusError, DocumentError, ModelError, PMSkillsError
    from pmskills.estimator import PMSkillClassifier
    from pmskills.evaluation import Comparison, Evaluation, Score, compare, evaluate
    from pmskills.pipeline import Analyzer, analyze, load
    from pmskills.segmenter import Unit, segment
    from pmskills.skills import SKILLS, Skill
    from pmskills.suggesting import Suggestion, suggest
    from pmskills.training import train

__version__ = version("pmskills")

__all__ = [
    "SKILLS",
    "Agreement",
    "Analysis",
    "Analyzer",
    "Comparison",
    "Corpus",
    "CorpusError",
    "Coverage",
    "Document",
    "DocumentError",
    "Evaluation",
    "Evidence",
    "Example",
    "Finding",
    "ModelError",
    "PMSkillClassifier",
    "PMSkillsError",
    "Report",
    "Result",
    "Score",
    "Skill",
    "Suggestion",
    "Unit",
    "agreement",
    "analyze",
    "check",
    "compare",
    "evaluate",
    "load",
    "read_corpus",
    "read_document",
    "score",
    "score_frame",
    "segment",
    "suggest",
    "train",
    "write_corpus",
]

# spaCy and scikit-learn take seconds to import; `import pmskills` and `pmskills --help` need neither.
_HOMES = {
    "analysis": ("Analysis", "Coverage", "Evidence"),
    "batch": ("Result", "score", "score_frame"),
    "annotators": ("Agreement", "agreement"),
    "checks": ("Finding", "Report", "check"),
    "corpus": ("Corpus", "Example", "read_corpus", "write_corpus"),
    "estimator": ("PMSkillClassifier",),
    "evaluation": ("Comparison", "Evaluation", "Score", "compare", "evaluate"),
    "documents": ("Document", "read_document"),
    "errors": ("CorpusError", "DocumentError", "ModelError", "PMSkillsError"),
    "pipeline": ("Analyzer", "analyze", "load"),
    "segmenter": ("Unit", "segment"),
    "skills": ("SKILLS", "Skill"),
    "suggesting": ("Suggestion", "suggest"),
    "training": ("train",),
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"pmskills.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'pmskills' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
