"""What can go wrong: every error that pmskills raises on purpose is a `PMSkillsError`."""


class PMSkillsError(Exception):
    """Base of all errors of this package; its text names the thing, the finding and the way out."""


class DocumentError(PMSkillsError):
    """A document cannot be read.

    Parameters
    ----------
    source
        The file's name, or a description of the bytes.
    reason
        A stable code: missing, unreadable, empty, too_large, lock_file, unsupported, encrypted,
        corrupt, no_text.
    found
        What was found.
    advice
        What the person can do.
    """

    def __init__(self, source: str, reason: str, found: str, advice: str) -> None:
        super().__init__(source, reason, found, advice)
        self.source = source
        self.reason = reason
        self.found = found
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.source}: {self.found}. {self.advice}"


class CorpusError(PMSkillsError):
    """A labelled corpus cannot be used as it is; the text says where and what was expected."""


class ModelError(PMSkillsError):
    """A model folder is missing, damaged, untrusted or of another format."""
