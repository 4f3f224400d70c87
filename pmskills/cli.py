"""Commands, without logic: they read arguments, call the library and write what it returns.

The library is imported inside the commands, so that `--help` need not wait for spaCy and scikit-learn.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pmskills import render
from pmskills.errors import PMSkillsError

if TYPE_CHECKING:
    from pmskills.corpus import Corpus

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Find the sentences of a resume that show product-manager skill. Data goes to standard output, "
    "messages to standard error. Exit codes: 0 done; 1 some files or the whole task failed; 2 wrong usage; "
    "130 stopped by Ctrl-C.",
)
talk = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

Model = Annotated[Path | None, typer.Option("--model", help="Model folder; default: the packaged model.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Html = Annotated[Path | None, typer.Option("--html", help="Also write a page with plots to this file (extra 'plot').")]


class Backend(str, Enum):
    """Where `score` works."""

    local = "local"
    dask = "dask"


class Tool(str, Enum):
    """What `suggest` writes for."""

    jsonl = "jsonl"
    prodigy = "prodigy"
    label_studio = "label-studio"
    doccano = "doccano"


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
        if as_json:
            typer.echo(result.to_json(indent=2))
        elif sys.stdout.isatty():
            Console(highlight=False, markup=False).print(render.to_rich(result.to_dict()))
        else:
            typer.echo(str(result))


@app.command()
def report(
    file: Annotated[str, typer.Argument(help="A resume, or the .jsonl file that `pmskills score` wrote.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Report to write: .html, .md or .docx.")],
    model: Model = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="For results: what in a path names the group, such as an occupation; default: its folder.",
        ),
    ] = None,
) -> None:
    """Write a report of one resume, or of a scored folder, that can be opened, printed and passed on.

    Example: pmskills report resume.pdf --output report.html
    """
    from pmskills import cohort, documents, pipeline, sources

    if output.suffix.lower() not in (".html", ".md", ".docx"):
        raise typer.BadParameter(f"--output {output}: expected a name that ends in .html, .md or .docx.")
    with _errors():
        if file.lower().endswith((".jsonl", ".ndjson")):
            if output.suffix.lower() != ".html":
                raise PMSkillsError(
                    f"{output}: the report of a scored folder is a page. Name a file that ends in .html."
                )
            _write_page(output, cohort.read_cohort(file, group).to_html(f"{Path(file).stem}: product-manager skills"))
            return
        if file.lower().endswith((*sources.TABLES, ".sqlite")):
            raise PMSkillsError(
                f"{file}: this is a table. Score it with `pmskills score {file} --text COLUMN`; of results already "
                "scored name the .jsonl file."
            )
        if output.exists() and Path(file).exists() and output.samefile(file):
            raise PMSkillsError(f"{output}: this is the resume itself. Name another output.")
        name = "<stdin>" if file == "-" else None
        document = documents.read_document(sys.stdin.buffer.read() if file == "-" else file, name=name)
        result = pipeline.load(model)(document)
        if output.suffix.lower() == ".docx":
            result.to_docx(output)
            talk.print(f"wrote {output}")
        else:
            _write_page(output, result.to_html() if output.suffix.lower() == ".html" else result.to_markdown())


@app.command()
def score(
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Folders (with subfolders), files, ZIP archives, quoted globs, tables (CSV, TSV, JSON lines, Parquet) "
            "or URLs (s3://..., with the extra 'remote').",
        ),
    ],
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="Results: .jsonl, .csv, .parquet, .sqlite, or - for JSON lines on stdout."),
    ],
    model: Model = None,
    text: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column of tables that holds the resumes.")] = None,
    row_id: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="Column to add to the names of rows.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", "-j", min=1, help="Worker processes; default: one for each core.")
    ] = None,
    time_limit: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="For one resume.")] = 60,
    memory_limit: Annotated[
        int, typer.Option(min=1, metavar="MB", help="For one worker beyond its model; held on Linux.")
    ] = 2000,
    units: Annotated[bool, typer.Option("--units", help="Keep all units with their probabilities.")] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Only what changed since 2026-01-31, 2026-01-31T12:00, 7d or 12h."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="Stop after scoring this many.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Score again what was scored before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be scored, and why.")] = False,
    backend: Annotated[Backend, typer.Option(help="Where the work is done.")] = Backend.local,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler, for --backend dask.")
    ] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Progress as JSON lines on standard error.")] = False,
) -> None:
    """Analyze folders or tables of resumes; a bad one becomes a result with its reason, and the exit code 1.

    Results are written as they come. If the output is there already, only what is new, has changed or failed for a
    passing reason is scored: a run that was stopped goes on when the same command is given again.

    Example: pmskills score resumes/ --output results.jsonl
    """
    from pmskills import batch
    from pmskills.progress import Progress

    if (backend is Backend.dask) != (scheduler is not None):
        raise typer.BadParameter("--backend dask and --scheduler ADDRESS go together.")
    changed_since = _moment(since)
    target = None if output == "-" else output
    with _errors():
        if dry_run:
            counts: Counter[str] = Counter()
            planned = batch.plan(
                source, model=model, output=target, text=text, row_id=row_id, since=changed_since, force=force
            )
            for path, reason in planned:
                counts[reason] += 1
                if reason != "done":
                    typer.echo(f"{reason}\t{render.safe(path)}")
            talk.print(", ".join(f"{count} {reason}" for reason, count in counts.items()) or "nothing to score")
            return
        results = batch.score(
            source,
            model=model,
            output=target,
            n_jobs=workers,
            time_limit=time_limit,
            memory_limit=memory_limit * 1_000_000,
            text=text,
            row_id=row_id,
            units=units,
            since=changed_since,
            limit=limit,
            force=force,
            scheduler=scheduler,
        )
        with Progress(talk, source, as_json=log_json) as progress:
            for result in results:
                if target is None:
                    typer.echo(json.dumps(result.record, ensure_ascii=False))
                progress.add(result)
        if not progress.done:
            raise PMSkillsError("there is nothing to score in what was named.")
    if progress.failed:
        raise typer.Exit(1)


@app.command()
def train(
    labelled: Annotated[list[Path], typer.Argument(metavar="CORPUS...", help="Labelled units: files or folders.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write the model to.")],
    tags: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Tagged units to train a new part-of-speech tagger on; default: the packaged one."
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Start from this model; 'packaged' for ours. Better with few units."),
    ] = None,
    encoder: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="An encoder trained on this corpus by make_encoder.py (see corpora/)."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides the cross-validation folds.")] = 0,
) -> None:
    """Train a model on a labelled corpus; the same corpus and seed give equal predictions.

    Example: pmskills train my-labels.jsonl --output my-model
    """
    from pmskills import corpus, pipeline, rehearsal, tagger, training

    with _errors():
        if output.is_file() or (output.exists() and any(output.iterdir()) and not (output / "meta.json").exists()):
            raise PMSkillsError(f"{output}: not empty and not a model. Name another folder.")
        examples = [example for path in labelled for example in _told(corpus.read_corpus(path))]
        nlp = None
        if tags:
            silver = tagger.read_silver(tags)
            talk.print(f"training a tagger on {len(silver)} units")
            nlp = tagger.train_tagger(pipeline.blank(), silver)
        start = pipeline.load(None if base == "packaged" else base) if base else None
        rehearsed = rehearsal.Rehearsal.load(encoder) if encoder else None
        analyzer = training.train(examples, tagger=nlp, base=start, rehearsal=rehearsed, seed=seed, progress=talk.print)
        analyzer.to_disk(output)
        training.write_readme(analyzer, output)
        talk.print(f"wrote {output}")


@app.command()
def evaluate(
    labelled: Annotated[Path, typer.Argument(metavar="CORPUS", help="Labelled units: a file or a folder.")],
    model: Model = None,
    as_json: AsJson = False,
    html: Html = None,
) -> None:
    """Score a model on labelled units that it was not trained on.

    Example: pmskills evaluate held-out.jsonl --model my-model --json
    """
    from pmskills import corpus, evaluation, pipeline

    with _errors():
        result = evaluation.evaluate(pipeline.load(model), _told(corpus.read_corpus(labelled)))
        if html:
            _write_page(html, result.to_html(f"{model or 'Packaged model'} on {labelled}"))
        typer.echo(json.dumps(result.to_dict(), indent=2) if as_json else str(result))


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="MODEL_A", help="Model folder.")],
    second: Annotated[Path, typer.Argument(metavar="MODEL_B", help="Model folder.")],
    labelled: Annotated[Path, typer.Argument(metavar="CORPUS", help="Labelled units that neither was trained on.")],
    as_json: AsJson = False,
    html: Html = None,
) -> None:
    """Tell whether the second model is better than the first, and how sure that is.

    Example: pmskills compare old-model new-model held-out.jsonl
    """
    from pmskills import corpus, evaluation, pipeline

    with _errors():
        examples = _told(corpus.read_corpus(labelled))
        result = evaluation.compare(pipeline.load(first), pipeline.load(second), examples)
        if html:
            _write_page(html, result.to_html(f"{first} and {second} on {labelled}"))
        typer.echo(json.dumps(result.to_dict(), indent=2) if as_json else str(result))


@app.command()
def convert(
    labelled: Annotated[list[Path], typer.Argument(metavar="CORPUS...", help="What an annotation tool exported.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Our JSON lines, or a .tsv table.")],
    merge: Annotated[
        bool, typer.Option("--merge", help="Make one unit of each, with the labels of most annotators.")
    ] = False,
    adjudicated: Annotated[
        Path | None, typer.Option(metavar="CORPUS", help="With --merge: units with the labels that were settled on.")
    ] = None,
) -> None:
    """Turn exports of Prodigy, Label Studio, doccano, Argilla, CSV, DocBin or datasets into our format.

    With --merge it tells how far annotators agree, and writes units with a tie to OUTPUT.ties.jsonl, to be settled.

    Example: pmskills convert label-studio.json --output corpus.jsonl --merge
    """
    from pmskills import annotators, corpus

    if adjudicated and not merge:
        raise typer.BadParameter("--adjudicated needs --merge.")
    with _errors():
        examples = [example for path in labelled for example in _told(corpus.read_corpus(path))]
        if merge:
            if any(len(answers) > 1 for answers in annotators.annotations_of(examples).values()):
                for label, figures in annotators.agreement(examples).items():
                    talk.print(
                        f"{label}: kappa {figures.kappa:.2f}, Krippendorff's alpha {figures.alpha:.2f}, "
                        f"F1 {figures.f1:.2f} on {figures.units} units"
                    )
            settled = corpus.read_corpus(adjudicated) if adjudicated else None
            examples, ties = annotators.merge(examples, settled)
            if ties:
                rest = output.with_name(f"{output.stem}.ties.jsonl")
                corpus.write_corpus(ties, rest)
                talk.print(f"{len(ties)} units with a tie: settle {rest} and give it to --adjudicated")
        corpus.write_corpus(examples, output)
        talk.print(f"wrote {len(examples)} units to {output}")


@app.command()
def check(
    labelled: Annotated[list[Path], typer.Argument(metavar="CORPUS...", help="Labelled units: files or folders.")],
    against: Annotated[
        Path | None, typer.Option(metavar="CORPUS", help="Units kept for testing, to look for leakage into them.")
    ] = None,
    fix: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a copy without repeats, contradictions and leaks, and FILE.removed."),
    ] = None,
    label_errors: Annotated[
        bool, typer.Option(help="Look for likely label errors; trains a model (extra 'check').")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Look for what spoils a model or its scores. Exit code 1 if there are problems.

    Example: pmskills check my-labels.jsonl --against held-out.jsonl --fix clean.jsonl
    """
    from pmskills import checks, corpus

    with _errors():
        examples = [example for path in labelled for example in _told(corpus.read_corpus(path))]
        held_out = corpus.read_corpus(against) if against else ()
        report = checks.check(examples, against=held_out, label_errors=label_errors, progress=talk.print)
        typer.echo(json.dumps(report.to_dict(), indent=2, ensure_ascii=False) if as_json else str(report))
        if fix:
            kept, removed = checks.cleaned(report)
            corpus.write_corpus(kept, fix)
            lines = [f"{row + 1}\t{why}\t{' '.join(examples[row].text.split())}\n" for row, why in removed]
            fix.with_name(f"{fix.name}.removed").write_text("".join(lines), encoding="utf8")
            talk.print(f"wrote {len(kept)} units to {fix}; {len(removed)} left out, listed in {fix.name}.removed")
    if report.problems:
        raise typer.Exit(1)


@app.command()
def suggest(
    unlabelled: Annotated[
        Path, typer.Argument(metavar="UNITS", help="Units without labels: text, one a line, or JSON lines with text.")
    ],
    model: Model = None,
    n: Annotated[int, typer.Option("--number", "-n", help="How many to choose.")] = 50,
    kind: Annotated[Tool, typer.Option("--format", help="The tool that they will be labelled in.")] = Tool.jsonl,
    seed: Annotated[int, typer.Option(help="Decides the clusters.")] = 0,
) -> None:
    """Choose the units that are worth labelling next: doubtful, unlike each other, of all labels.

    Example: pmskills suggest units.txt --model my-model -n 50 --format prodigy > tasks.jsonl
    """
    from pmskills import pipeline, suggesting

    with _errors():
        chosen = suggesting.suggest(suggesting.read_units(unlabelled), pipeline.load(model), n=n, seed=seed)
        typer.echo(suggesting.WRITERS[kind.value](chosen))


@app.command()
def package(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Model folder.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the wheel.")],
    name: Annotated[str, typer.Option(help="Name to install and load it by.")],
    version: Annotated[str, typer.Option(help="Its version.")] = "1.0.0",
) -> None:
    """Make a wheel of a model, for `pip install`; `pmskills.load(NAME)` and `spacy.load(NAME)` find it.

    Example: pmskills package my-model --output dist --name team_skills
    """
    from pmskills import packaging

    with _errors():
        talk.print(f"wrote {packaging.package(model, output, name=name, version=version)}")


def _write_page(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf8")
    except OSError as error:
        raise PMSkillsError(
            f"{path}: cannot be written ({error.strerror}). Name a file in a folder that is there."
        ) from None
    talk.print(f"wrote {path}")


def _told(examples: "Corpus") -> "Corpus":
    """Tell of what was left out on purpose."""
    for note in examples.skipped[:5]:
        talk.print(f"left out: {note}")
    if len(examples.skipped) > 5:
        talk.print(f"left out: {len(examples.skipped) - 5} more")
    return examples


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except PMSkillsError as error:
        talk.print(f"pmskills: {error}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        talk.print("pmskills: stopped. What is done is kept; the same command goes on from there.")
        raise typer.Exit(130) from None
    except (FileNotFoundError, NotADirectoryError, FileExistsError, IsADirectoryError, PermissionError) as error:
        talk.print(f"pmskills: {error.filename}: {error.strerror}. Name another file or folder.")
        raise typer.Exit(1) from None
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None


def _moment(text: str | None) -> float | None:
    """Return a date, a time or an age as seconds since 1970."""
    if text is None:
        return None
    if (age := text[:-1]).isdecimal() and text[-1] in "mhd":
        return time.time() - int(age) * {"m": 60, "h": 3600, "d": 86400}[text[-1]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise typer.BadParameter(f"--since {text}: expected 2026-01-31, 2026-01-31T12:00, 30m, 12h or 7d.") from None
