"""Find the sentences of a resume that show product-manager skill."""

from importlib.metadata import version

from pmskills.analysis import Analysis, Coverage, Evidence
from pmskills.batch import score
from pmskills.corpus import Example, read_corpus
from pmskills.documents import Document, read_document
from pmskills.errors import CorpusError, DocumentError, ModelError, PMSkillsError
from pmskills.pipeline import Analyzer, analyze, load
from pmskills.segmenter import Unit, segment
from pmskills.skills import SKILLS, Skill
from pmskills.training import Evaluation, Score, evaluate, train

__version__ = version("pmskills")

__all__ = [
    "SKILLS",
    "Analysis",
    "Analyzer",
    "CorpusError",
    "Coverage",
    "Document",
    "DocumentError",
    "Evaluation",
    "Evidence",
    "Example",
    "ModelError",
    "PMSkillsError",
    "Score",
    "Skill",
    "Unit",
    "analyze",
    "evaluate",
    "load",
    "read_corpus",
    "read_document",
    "score",
    "segment",
    "train",
]
