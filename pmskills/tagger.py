"""A small part-of-speech tagger for resume text: a spaCy tagger trained on silver tags."""

import gzip
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline import Tagger
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import minibatch
from thinc.api import Adam, fix_random_seed

from pmskills.errors import CorpusError

NAME = "pm_tagger"
EPOCHS = 4
BATCH = 32
LEARN_RATE = 0.003
WARM_UP = 50
DROPOUT = 0.1
WIDTH = 48
# Matrices of this many tokens stay in the processor's cache: 1.6 times as fast as batches of 30,000.
GROUP_TOKENS = 4_000
MOST_TOKENS = 50_000
RUN_LENGTHS = (2, 3, 5, 8)
SHOUTED = 0.1
# What stands between units in a document, with the tags of its tokens.
JOINTS = (("\n", ("_SP",)), ("\n", ("_SP",)), ("\n\n", ("_SP",)), ("\n• ", ("_SP", "NFP")), ("\n- ", ("_SP", ":")))

# Word writes the bullets and ticks of its symbol fonts as such characters.
_SYMBOL = re.compile("[\ue000-\uf8ff]")

Silver = Sequence[tuple[str, Sequence[str]]]

MODEL: dict[str, Any] = {
    "@architectures": "spacy.Tagger.v2",
    "nO": None,
    "normalize": False,
    "tok2vec": {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": {
            "@architectures": "spacy.MultiHashEmbed.v2",
            "width": WIDTH,
            "attrs": ["NORM", "SUFFIX", "SHAPE"],
            "rows": [3500, 1500, 500],
            "include_static_vectors": False,
        },
        "encode": {
            "@architectures": "spacy.MaxoutWindowEncoder.v2",
            "width": WIDTH,
            "depth": 2,
            "window_size": 1,
            "maxout_pieces": 2,
        },
    },
}


class ResumeTagger(Tagger):  # type: ignore[misc]
    """spaCy's tagger; it knows the names of its tags in a pipeline that was saved without its vocabulary."""

    def predict(self, docs: Iterable[Doc]) -> list[Any]:
        """Return the tags' numbers for each document, a long one in pieces, so that memory stays bounded."""
        guesses: list[Any] = []
        group: list[Doc] = []
        for doc in map(_plain, docs):
            if group and sum(map(len, group)) + len(doc) > GROUP_TOKENS:
                guesses += super().predict(group)
                group = []
            if len(doc) > MOST_TOKENS:
                guesses.append(self._in_pieces(doc))
            else:
                group.append(doc)
        return guesses + (super().predict(group) if group else [])

    def _in_pieces(self, doc: Doc) -> Any:
        starts = range(0, max(1, len(doc)), MOST_TOKENS)
        pieces = [doc[start : start + MOST_TOKENS].as_doc() for start in starts]
        return np.concatenate([super(ResumeTagger, self).predict([piece])[0] for piece in pieces])

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "ResumeTagger":
        """Read the model."""
        super().from_disk(path, exclude=exclude)
        return self._named()

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "ResumeTagger":
        """Read the model from bytes."""
        super().from_bytes(bytes_data, exclude=exclude)
        return self._named()

    def _named(self) -> "ResumeTagger":
        for label in self.labels:
            self.vocab.strings.add(label)
        return self


def _plain(doc: Doc) -> Doc:
    """Return a document in which the characters of symbol fonts, unknown to the tagger, are bullets."""
    if not _SYMBOL.search(doc.text):
        return doc
    words = [_SYMBOL.sub("•", token.text) for token in doc]
    return Doc(doc.vocab, words, [bool(token.whitespace_) for token in doc])


@Language.factory(NAME, assigns=["token.tag"], default_config={"model": MODEL})
def make_tagger(nlp: Language, name: str, model: Any) -> ResumeTagger:
    """Make the spaCy component."""
    return ResumeTagger(nlp.vocab, model, name)


def read_silver(path: str | Path) -> list[tuple[str, list[str]]]:
    """Read tagged units: a gzipped JSON Lines file with ``text`` and ``tags``, one tag a token, blanks between.

    Raises
    ------
    CorpusError
        The file is missing, or a line is not of that form.
    """
    file = Path(path)
    try:
        lines = gzip.decompress(file.read_bytes()).decode().splitlines()
        records = [json.loads(line) for line in lines]
        return [(str(record["text"]), str(record["tags"]).split()) for record in records]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{file}: cannot be read as tagged units ({type(error).__name__}: {error}).") from error


def train_tagger(nlp: Language, silver: Silver, seed: int = 0) -> Language:
    """Add a tagger, trained on tagged units, to a pipeline.

    It learns from each unit alone, from some in capitals, and from runs of units joined by line breaks and
    bullets, so that it can tag whole documents: trained on units alone it takes the end of the unit before
    for a part of the sentence.
    The same silver tags and seed give the same tags on the same machine.

    Parameters
    ----------
    nlp
        A pipeline with the tokenizer that the tags were made with; it is changed.
    silver
        Texts and the tags of their tokens.
    seed
        For weights, dropout and order.

    Returns
    -------
    Language
        The pipeline that was given.

    Raises
    ------
    CorpusError
        There is no unit, or a unit's tags are more or fewer than its tokens.
    """
    order = random.Random(seed)
    shouted = [(text.upper(), tags) for text, tags in silver if order.random() < SHOUTED]
    shouted = [(text, tags) for text, tags in shouted if len(nlp.make_doc(text)) == len(tags)]
    examples = [*_examples(nlp, silver), *_examples(nlp, _runs(silver, order)), *_examples(nlp, shouted)]
    if not examples:
        raise CorpusError("there is no tagged unit to learn from.")
    fix_random_seed(seed)
    tagger = nlp.add_pipe(NAME, first=True)
    assert isinstance(tagger, ResumeTagger)
    tagger.initialize(lambda: examples, nlp=nlp)
    optimizer = Adam(LEARN_RATE, L2=0.01, L2_is_weight_decay=True, grad_clip=1.0, use_averages=False)
    steps = EPOCHS * -(-len(examples) // BATCH)
    step = 0
    for _ in range(EPOCHS):
        order.shuffle(examples)
        for batch in minibatch(examples, BATCH):  # type: ignore[no-untyped-call]
            step += 1
            optimizer.learn_rate = LEARN_RATE * min(1.0, step / WARM_UP) * (1 - (step - 1) / steps)
            tagger.update(batch, drop=DROPOUT, sgd=optimizer)
    return nlp


def _runs(silver: Silver, order: random.Random) -> Iterator[tuple[str, list[str]]]:
    """Join neighbouring units."""
    start = 0
    while start < len(silver):
        stop = start + order.choice(RUN_LENGTHS)
        text, tags = silver[start][0], [*silver[start][1]]
        for unit, unit_tags in silver[start + 1 : stop]:
            joint, joint_tags = order.choice(JOINTS) if unit[:1].isalnum() else JOINTS[0]
            text += joint + unit
            tags += [*joint_tags, *unit_tags]
        yield text, tags
        start = stop


def _examples(nlp: Language, silver: Iterable[tuple[str, Sequence[str]]]) -> Iterator[Example]:
    for text, tags in silver:
        doc = nlp.make_doc(text)
        if len(doc) != len(tags):
            raise CorpusError(
                f"{text[:60]!r}: {len(tags)} tags for {len(doc)} tokens. Make the silver tags with this tokenizer."
            )
        words, spaces = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
        yield Example(doc, Doc(nlp.vocab, words=words, spaces=spaces, tags=list(tags)))
