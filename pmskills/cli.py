"""Commands, without logic: they read arguments, call the library and write what it returns.

The library is imported inside the commands, so that `--help` need not wait for spaCy and scikit-learn.
"""

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pmskills.errors import PMSkillsError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Find the sentences of a resume that show product-manager skill. Data goes to standard output, "
    "messages to standard error. Exit codes: 0 done; 1 some files or the whole task failed; 2 wrong usage.",
)
talk = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

Model = Annotated[Path | None, typer.Option("--model", help="Model folder; default: the packaged model.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]


@app.command()
def analyze(
    file: Annotated[str, typer.Argument(help="A resume (PDF, DOCX, DOC, ODT, RTF, HTML, text ...), or - for stdin.")],
    model: Model = None,
    as_json: AsJson = False,
) -> None:
    """Analyze one resume.

    Example: pmskills analyze resume.pdf --json | jq .skills
    """
    from pmskills import documents, pipeline

    with _errors():
        if file == "-":
            document = documents.read_document(sys.stdin.buffer.read(), name="<stdin>")
        else:
            document = documents.read_document(file)
        result = pipeline.load(model)(document)
        typer.echo(result.to_json(indent=2) if as_json else str(result))


@app.command()
def score(
    folder: Annotated[Path, typer.Argument(help="Folder with resumes, searched with its subfolders.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="JSON Lines file, one line a file; - for stdout.")],
    model: Model = None,
) -> None:
    """Analyze every file of a folder; a bad file becomes a line with its reason, and the exit code 1.

    Example: pmskills score resumes/ --output results.jsonl
    """
    from pmskills import batch, pipeline

    with _errors():
        if not folder.is_dir():
            raise PMSkillsError(f"{folder}: not a folder. For one file use `pmskills analyze`.")
        files = [path for path in batch.files_below(folder) if path.resolve() != output.resolve()]
        if not files:
            raise PMSkillsError(f"{folder}: there is no file in this folder or below it.")
        statuses: Counter[str] = Counter()
        analyzer = pipeline.load(model)
        with _writer(output) as stream, _progress() as bar:
            task = bar.add_task("files", total=len(files))
            for result in batch.score(files, analyzer):
                stream.write(json.dumps(result.to_dict(), ensure_ascii=False) + "\n")
                statuses[result.status] += 1
                if result.status != "ok":
                    talk.print(result.message)
                bar.advance(task)
    talk.print(f"{len(files)} files: " + ", ".join(f"{count} {status}" for status, count in statuses.most_common()))
    if statuses["ok"] < len(files):
        raise typer.Exit(1)


@app.command()
def train(
    labelled: Annotated[list[Path], typer.Argument(metavar="CORPUS...", help="JSONL files or folders with them.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write the model to.")],
    tags: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Tagged units to train a new part-of-speech tagger on; default: the packaged one."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides the cross-validation folds.")] = 0,
) -> None:
    """Train a model on a labelled corpus; the same corpus and seed give equal predictions.

    Example: pmskills train my-labels.jsonl --output my-model
    """
    from pmskills import corpus, pipeline, tagger, training

    with _errors():
        if output.exists() and any(output.iterdir()) and not (output / "meta.json").exists():
            raise PMSkillsError(f"{output}: not empty and not a model. Name another folder.")
        examples = [example for path in labelled for example in corpus.read_corpus(path)]
        nlp = None
        if tags:
            silver = tagger.read_silver(tags)
            talk.print(f"training a tagger on {len(silver)} units")
            nlp = tagger.train_tagger(pipeline.blank(), silver)
        analyzer = training.train(examples, tagger=nlp, seed=seed, progress=talk.print)
        analyzer.to_disk(output)
        training.write_readme(analyzer, output)
        talk.print(f"wrote {output}")


@app.command()
def evaluate(
    labelled: Annotated[Path, typer.Argument(metavar="CORPUS", help="A JSONL file or a folder with such files.")],
    model: Model = None,
    as_json: AsJson = False,
) -> None:
    """Score a model on labelled units that it was not trained on.

    Example: pmskills evaluate held-out.jsonl --model my-model --json
    """
    from pmskills import corpus, pipeline, training

    with _errors():
        result = training.evaluate(pipeline.load(model), corpus.read_corpus(labelled))
        typer.echo(json.dumps(result.to_dict(), indent=2) if as_json else str(result))


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except PMSkillsError as error:
        talk.print(f"pmskills: {error}")
        raise typer.Exit(1) from None
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None


@contextmanager
def _writer(output: Path) -> Iterator[IO[str]]:
    """Open the output; a file appears under its name only when it is complete."""
    if str(output) == "-":
        yield sys.stdout
        return
    if not output.absolute().parent.is_dir():
        raise PMSkillsError(f"{output}: its folder does not exist. Make it first.")
    handle, name = tempfile.mkstemp(dir=output.absolute().parent, prefix=f".{output.name}.", text=True)
    try:
        with os.fdopen(handle, "w", encoding="utf8") as stream:
            yield stream
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=talk,
        disable=not sys.stderr.isatty(),
    )
