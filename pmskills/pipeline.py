"""The spaCy pipeline: build, load, and analyze resumes with it."""

import configparser
import gzip
import io
import json
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from numpy.typing import NDArray
from scipy.special import expit
from spacy.language import Language
from spacy.tokenizer import Tokenizer  # type: ignore[import-not-found]
from spacy.tokens import Doc, Span
from spacy.util import compile_prefix_regex

import pmskills.segmenter  # noqa: F401  registers the factory pm_segmenter
from pmskills import strength
from pmskills.analysis import Analysis, Details, evidence_mask
from pmskills.calibration import decide
from pmskills.classifier import Classifier
from pmskills.documents import MAX_CHARACTERS, Document, check_length
from pmskills.errors import ModelError
from pmskills.explaining import Why, explain
from pmskills.facets import FacetModel
from pmskills.features import FeatureSpace
from pmskills.model_files import MOST_BYTES, PACKAGED, folder_of, read_features, read_json
from pmskills.reader import Reader
from pmskills.scoring import log_odds
from pmskills.segmenter import Unit, id_of, unit_of
from pmskills.tagger import NAME as TAGGER
from pmskills.tagger import ResumeTagger

# 2: without facets. 3: facets in a folder of their own. 4: word classes, pools of regressions. 5: may have a reader.
FORMATS = (2, 3, 4, 5)
MOST_CONFIG = 100_000
PARTS = (TAGGER, "pm_segmenter", "pm_skills")
# What the configuration of our pipelines calls; anything else could be code of whoever wrote the folder.
CALLED = frozenset(
    "spacy.Tagger.v2 spacy.Tok2Vec.v2 spacy.MultiHashEmbed.v2 spacy.MaxoutWindowEncoder.v2 spacy.tagger_scorer.v1 "
    "spacy.Tokenizer.v1 spacy.Vectors.v1 spacy.Corpus.v1 spacy.batch_by_words.v1 spacy.ConsoleLogger.v1 Adam.v1 "
    "compounding.v1".split()
)

for _name in ("pm_skills", "pm_facets"):
    if not Doc.has_extension(_name):
        Doc.set_extension(_name, default=None)

Facets = Mapping[tuple[int, int], tuple[str, ...]]


class SkillTagger:
    """spaCy component that labels the units of a document.

    It writes ``doc._.pm_skills``, the probabilities with shape (n_units, n_labels); ``doc.spans["pm_skills"]``, one
    span for each label that a unit reaches; and ``doc._.pm_facets``, a list of facets for each of these spans.

    In a pipeline made by `pmskills train` it labels the units of ``doc.spans["pm_units"]``. Added to any other
    pipeline, ``nlp.add_pipe("pm_skills")``, it reads the text with a model of its own, whatever tokenizer and tagger
    the pipeline has, and writes ``doc.spans["pm_units"]`` too; units are widened to whole tokens.
    """

    def __init__(self, model: str | None = None) -> None:
        """Make a component without a model; it is given one, reads one, or loads `model` when it is first used."""
        self.model = model
        self.space: FeatureSpace | None = None
        self.classifier: Classifier | None = None
        self.reader: Reader | None = None
        self.facets: FacetModel | None = None
        self.thresholds: dict[str, float] = {}

    def __call__(self, doc: Doc) -> Doc:
        """Label one document."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 32) -> Iterator[Doc]:
        """Label documents, many units at a time."""
        docs: list[Doc]
        for docs in spacy.util.minibatch(stream, batch_size):  # type: ignore[no-untyped-call]
            if self.space is None:
                self._read(docs)
            else:
                spans = [span for doc in docs for span in doc.spans.get("pm_units", [])]
                self.set_annotations(docs, *self.predict(spans))
            yield from docs

    def predict(self, spans: Sequence[Doc | Span]) -> tuple[NDArray[np.float64], Facets]:
        """Return probabilities, shape (n_units, n_labels), and facets by row and column, without changing anything."""
        if self.space is None or self.classifier is None:
            raise ModelError("the pipeline's pm_skills has no model. Use pmskills.load() or pmskills.train().")
        decisions, counts = log_odds(self.space, self.classifier, self.reader, spans)
        probabilities = np.asarray(expit(decisions), dtype=np.float64)
        found: dict[tuple[int, int], tuple[str, ...]] = {}
        if self.facets:
            shown = decide(probabilities, self.classifier.labels, self.thresholds)
            for column, label in enumerate(self.classifier.labels):
                rows = np.flatnonzero(shown[:, column])
                facets = self.facets.predict(label, counts[rows]) if len(rows) else []
                found |= {(int(row), column): names for row, names in zip(rows, facets, strict=True)}
        return probabilities, found

    def set_annotations(self, docs: Sequence[Doc], probabilities: NDArray[np.float64], facets: Facets) -> None:
        """Write what `predict` gave for the units of these documents."""
        assert self.classifier is not None
        labels = self.classifier.labels
        first = 0
        for doc in docs:
            spans = list(doc.spans.get("pm_units", []))
            here = probabilities[first : first + len(spans)]
            doc._.pm_skills = here
            mask = evidence_mask([unit_of(span) for span in spans], here, labels, self.thresholds)
            chosen = np.argwhere(mask).tolist()
            doc.spans["pm_skills"] = [
                Span(doc, spans[row].start, spans[row].end, label=labels[column]) for row, column in chosen
            ]
            doc._.pm_facets = [list(facets.get((first + row, column), ())) for row, column in chosen]
            first += len(spans)

    def _read(self, docs: Sequence[Doc]) -> None:
        """Label documents of another pipeline."""
        analyzer = _loaded(self.model)
        for doc, analysis in zip(docs, analyzer.pipe(doc.text for doc in docs), strict=True):
            spans = []
            for unit in analysis.units:
                span = doc.char_span(unit.start, unit.end, label=unit.kind, alignment_mode="expand")
                assert span is not None
                span.id_ = id_of(unit)
                spans.append(span)
            doc.spans["pm_units"] = spans
            doc._.pm_skills = analysis.probabilities
            chosen = np.argwhere(analysis.decisions).tolist()
            doc.spans["pm_skills"] = [
                Span(doc, spans[row].start, spans[row].end, label=analysis.labels[column]) for row, column in chosen
            ]
            doc._.pm_facets = [list(analysis.details.facets.get((row, column), ())) for row, column in chosen]

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Return what `to_disk` writes, as a ZIP archive."""
        with tempfile.TemporaryDirectory() as folder:
            self.to_disk(folder)
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w") as archive:
                for path in sorted(Path(folder).rglob("*")):
                    archive.write(path, path.relative_to(folder))
            return file.getvalue()

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> "SkillTagger":
        """Read what `to_bytes` returned.

        Raises
        ------
        ModelError
            It is damaged, untrusted, or unpacks to more than 500 MB.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive, tempfile.TemporaryDirectory() as folder:
                if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                    raise ModelError(f"refused, the model unpacks to more than {MOST_BYTES // 10**6} MB.")
                archive.extractall(folder)
                return self.from_disk(folder)
        except zipfile.BadZipFile as error:
            raise ModelError(f"the model is damaged ({error}).") from None

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write features, classifier and thresholds to a folder; nothing where the model is one loaded by name."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        if self.space is None or self.classifier is None:
            return
        for part in ("facets", "reader"):
            shutil.rmtree(folder / part, ignore_errors=True)
        if self.reader:
            self.reader.save(folder / "reader")
        if self.facets:
            self.facets.to_disk(folder / "facets")
        self.classifier.save(folder / "classifier.skops")
        features = {
            "common": sorted(self.space.common),
            "lenient": self.space.lenient,
            "classes": self.space.classes,
            "names": list(self.space.names),
        }
        (folder / "features.json").unlink(missing_ok=True)
        data = json.dumps(features, ensure_ascii=False, separators=(",", ":")).encode()
        # Without the time, so that the same model is the same file.
        (folder / "features.json.gz").write_bytes(gzip.compress(data, mtime=0))
        labels = {"labels": self.classifier.labels, "thresholds": self.thresholds, "reader": self.reader is not None}
        _write_json(folder / "labels.json", labels)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "SkillTagger":
        """Read what `to_disk` wrote.

        Raises
        ------
        ModelError
            A file is missing, damaged or untrusted.
        """
        folder = Path(path)
        if not any(folder.iterdir()):
            return self
        features, labels = read_features(folder), read_json(folder / "labels.json")
        self.space = FeatureSpace(
            features["names"],
            frozenset(features["common"]),
            features.get("classes", {}),
            bool(features.get("lenient", False)),
        )
        self.classifier = Classifier.load(folder / "classifier.skops", labels["labels"])
        self.reader = Reader.load(folder / "reader", labels["labels"]) if labels.get("reader") else None
        self.thresholds = {label: float(labels["thresholds"][label]) for label in labels["labels"]}
        self.facets = FacetModel.from_disk(folder / "facets") if (folder / "facets").is_dir() else None
        if self.facets and self.facets.columns.max(initial=0) >= len(self.space.names):
            raise ModelError(f"{folder}: its facets are of another model. Build the model again.")
        if self.classifier.width != len(self.space.names):
            raise ModelError(
                f"{folder}: the classifier wants {self.classifier.width} features, its features are "
                f"{len(self.space.names)}. Build the model again."
            )
        return self


@Language.factory(
    "pm_skills", assigns=["doc._.pm_skills", "doc._.pm_facets", "doc.spans"], default_config={"model": None}
)
def make_skill_tagger(nlp: Language, name: str, model: str | None) -> SkillTagger:
    """Make the spaCy component; `model` is a folder or the name of an installed model, None for the packaged one."""
    return SkillTagger(model)


class Analyzer:
    """A loaded model: call it on a text.

    Attributes
    ----------
    nlp
        The spaCy pipeline.
    """

    def __init__(self, nlp: Language) -> None:
        """Wrap a pipeline that has pm_segmenter and pm_skills."""
        self.nlp = nlp
        self._words: set[str] = set()

    @property
    def _labeller(self) -> SkillTagger:
        component = self.nlp.get_pipe("pm_skills")
        assert isinstance(component, SkillTagger)
        return component

    @property
    def parts(self) -> tuple[FeatureSpace, Classifier, Reader | None]:
        """The features, the classifier and, where the model has one, the reader.

        Raises
        ------
        ModelError
            The pipeline has none.
        """
        if self._labeller.space is None or self._labeller.classifier is None:
            raise ModelError("the pipeline's pm_skills has no model. Use pmskills.load() or pmskills.train().")
        return self._labeller.space, self._labeller.classifier, self._labeller.reader

    @property
    def labels(self) -> tuple[str, ...]:
        """Label names in column order."""
        classifier = self._labeller.classifier
        return classifier.labels if classifier else ()

    @property
    def thresholds(self) -> dict[str, float]:
        """Probability, between 0 and 1, from which a unit counts as evidence, for each label."""
        return dict(self._labeller.thresholds)

    @property
    def meta(self) -> dict[str, Any]:
        """What is known about the model: format, corpus, seed, versions, scores."""
        return dict(self.nlp.meta.get("pmskills", {}))

    def __call__(self, text: str | Document) -> Analysis:
        """Analyze one resume.

        Parameters
        ----------
        text
            Its text, or a document from `read_document`.

        Raises
        ------
        TypeError
            It is neither.
        DocumentError
            It has more than 5 million characters.
        """
        return next(self.pipe([text]))

    def pipe(self, texts: Iterable[str | Document], *, batch_size: int = 32) -> Iterator[Analysis]:
        """Analyze many resumes; results come in the order of the texts.

        Parameters
        ----------
        texts
            Texts or documents, of any number.
        batch_size
            How many are classified at a time.
        """
        documents = map(_as_document, texts)
        docs = ((self._tokenized(document.text), document) for document in documents)
        for doc, document in self.nlp.pipe(docs, as_tuples=True, batch_size=batch_size):
            units = tuple(unit_of(span) for span in doc.spans["pm_units"])
            yield Analysis(
                document, units, doc._.pm_skills, self.labels, self.thresholds, self._details(doc, document.text, units)
            )

    def _details(self, doc: Doc, text: str, units: Sequence[Unit]) -> Details:
        spans, probabilities = list(doc.spans["pm_units"]), doc._.pm_skills
        mask = evidence_mask(units, probabilities, self.labels, self.thresholds)
        claims: dict[str, list[int]] = {}
        for row, unit in enumerate(units):
            listed = unit.kind == "list"
            # Before the first heading stand names and titles.
            may = unit.kind == "statement" or (listed and unit.section != "other")
            if may and strength.names_skill(text[unit.start : unit.end]):
                for label in strength.claims(spans[row], listed=listed):
                    claims.setdefault(label, []).append(row)
        return Details(
            facets={
                (row, column): tuple(names)
                for (row, column), names in zip(np.argwhere(mask).tolist(), doc._.pm_facets, strict=True)
            },
            shown=tuple(self._labeller.facets.thresholds) if self._labeller.facets else (),
            strengths={row: strength.strength(spans[row]) for row in np.flatnonzero(mask.any(axis=1)).tolist()},
            claims={label: tuple(rows) for label, rows in claims.items()},
            explain=_Explainer(self, text),
        )

    def _tokenized(self, text: str) -> Doc:
        # spaCy caches no word of a text after its first special case ("I'm", "a.m."): show it new words alone.
        for word in set(text.split()).difference(self._words):
            self.nlp.tokenizer(word)
            self._words.add(word)
        return self.nlp.make_doc(text)

    def predict_proba(self, units: Sequence[str]) -> NDArray[np.float64]:
        """Return the probabilities of units that are already cut.

        Returns
        -------
        ndarray, shape (n_units, n_labels), float64
            Columns in the order of `labels`.

        Examples
        --------
        >>> import pmskills
        >>> pmskills.load().predict_proba(["Handled escalated complaints.", "Microsoft Word"]).shape
        (2, 3)
        """
        return self._labeller.predict(list(tagged(self.nlp, units)))[0]

    def to_disk(self, path: str | Path) -> None:
        """Write the model to a folder that `load` and `spacy.load` read."""
        self.nlp.to_disk(path, exclude=["vocab"])


class _Explainer:
    """Explains the units of a text; it reads the text again, since tagged documents are too large to keep."""

    def __init__(self, analyzer: Analyzer, text: str) -> None:
        self.analyzer = analyzer
        self.text = text
        self.units: list[Span] = []

    def __call__(self, row: int, column: int) -> Why:
        if not self.units:
            doc = self.analyzer.nlp(self.text)
            self.units = list(doc.spans["pm_units"])
        return explain(*self.analyzer.parts, self.units[row], [column])[0]


def build(
    tagger: Language,
    space: FeatureSpace,
    classifier: Classifier,
    reader: Reader | None,
    thresholds: dict[str, float],
    facets: FacetModel | None,
    meta: dict[str, Any],
) -> Analyzer:
    """Put a trained model into a pipeline, with the part-of-speech tagger of another one."""
    nlp = blank()
    nlp.meta["name"] = PACKAGED
    nlp.meta["pmskills"] = {"format": FORMATS[-1], **meta}
    nlp.add_pipe(TAGGER, source=tagger)
    nlp.add_pipe("pm_segmenter")
    labeller = nlp.add_pipe("pm_skills")
    assert isinstance(labeller, SkillTagger)
    labeller.space, labeller.classifier, labeller.thresholds = space, classifier, dict(thresholds)
    labeller.reader, labeller.facets = reader, facets
    return Analyzer(nlp)


def blank() -> Language:
    """Return spaCy's English tokenizer alone, for texts of any sensible length."""
    nlp = spacy.blank("en")
    # Bullets and stray stops that extraction glues to the first word.
    prefixes = [*(nlp.Defaults.prefixes or ()), r"[.\-–—_](?=[A-Z][a-z]{3})", "[•●▪■◦‣]"]
    assert isinstance(nlp.tokenizer, Tokenizer)
    nlp.tokenizer.prefix_search = compile_prefix_regex(prefixes).search
    nlp.max_length = MAX_CHARACTERS
    return nlp


def tagged(nlp: Language, units: Iterable[str]) -> Iterator[Doc]:
    """Tokenize units and tag their parts of speech, without segmenting or labelling them."""
    docs = (nlp.make_doc(unit) for unit in units)
    component = nlp.get_pipe(TAGGER)
    assert isinstance(component, ResumeTagger)
    stream: Iterator[Doc] = component.pipe(docs, batch_size=256)
    return stream


def load(path: str | Path | None = None) -> Analyzer:
    """Load a model.

    Parameters
    ----------
    path
        A model folder, or the name of an installed model that `pmskills package` made; by default the model that
        comes with the package.

    Raises
    ------
    ModelError
        The folder is missing, is not a pmskills model, is damaged, names parts that are not ours, or has another
        format.

    Examples
    --------
    >>> import pmskills
    >>> pmskills.load().labels
    ('problem_solving', 'customer_centric', 'influence')
    """
    folder = folder_of(path)
    if not (folder / "meta.json").is_file():
        raise ModelError(f"{folder}: no model here (meta.json is missing). Expected a folder made by `pmskills train`.")
    meta = read_json(folder / "meta.json").get("pmskills")
    if not isinstance(meta, dict):
        raise ModelError(f"{folder}: this is a spaCy pipeline, but not one of pmskills.")
    if meta.get("format") not in FORMATS:
        raise ModelError(
            f"{folder}: model format {meta.get('format')!r}; this version of pmskills reads formats "
            f"{FORMATS[0]} to {FORMATS[-1]}. "
            "Train the model again, or install the version of pmskills that wrote it."
        )
    _check_parts(folder)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\[W095\]")
        try:
            nlp = spacy.load(folder)
        except ModelError:
            raise
        except Exception as error:  # spaCy raises whatever its parsers raise on damaged files
            raise ModelError(f"{folder}: the model is damaged ({type(error).__name__}: {error}).") from error
    nlp.max_length = MAX_CHARACTERS
    analyzer = Analyzer(nlp)
    if "pm_skills" not in nlp.pipe_names or analyzer.labels == ():
        raise ModelError(f"{folder}: the model is damaged (its part pm_skills is missing or empty).")
    return analyzer


def _check_parts(folder: Path) -> None:
    """Refuse a configuration that names anything but the parts of our pipelines: spaCy would call it."""
    file = folder / "config.cfg"
    try:
        if file.stat().st_size > MOST_CONFIG:
            raise ModelError(f"{folder}: the model is damaged (config.cfg has {file.stat().st_size:,} bytes).")
        config = spacy.util.load_config(file)
    except (OSError, ValueError, configparser.Error) as error:
        raise ModelError(f"{folder}: the model is damaged (config.cfg cannot be read: {error}).") from None
    for name, value in _leaves(config):
        called = name.startswith("@") and value not in CALLED
        if called or (name == "factory" and value not in PARTS) or name == "source":
            raise ModelError(
                f"{folder}: refused, its config.cfg has {name} = {str(value)[:80]}, which no pmskills model has. "
                "Load models only from people you trust, built by `pmskills train`."
            )
    for path in folder.rglob("*"):
        if path.is_symlink() or (path.is_file() and path.stat().st_size > MOST_BYTES):
            raise ModelError(f"{folder}: refused, {path.name} is a link or larger than {MOST_BYTES // 10**6} MB.")


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name, value


@cache
def _loaded(model: str | None) -> Analyzer:
    return load(model)


def analyze(text: str | Document) -> Analysis:
    """Find the sentences of a resume that show product-manager skill, with the packaged model.

    Parameters
    ----------
    text
        The resume's text, or a document from `read_document`.

    Examples
    --------
    >>> import pmskills
    >>> analysis = pmskills.analyze("Resolved escalated guest complaints.\\nMicrosoft Word, Excel")
    >>> [evidence.text for evidence in analysis.evidence["customer_centric"]]
    ['Resolved escalated guest complaints.']
    """
    return _loaded(None)(text)


def _as_document(text: Any) -> Document:
    if isinstance(text, Document):
        return text
    if isinstance(text, str):
        check_length(text, "<text>")
        # Lone surrogates are no characters; one for one, so that offsets hold.
        return Document(text.encode("utf8", "replace").decode("utf8"))
    raise TypeError(f"expected a text or a Document, got {type(text).__name__}; use read_document() for files")


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=0) + "\n", encoding="utf8")
