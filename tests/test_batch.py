import pmskills
from pmskills.batch import files_below


def test_score_gives_a_result_for_every_file(tmp_path, resume, docx_bytes):
    (tmp_path / "good.txt").write_text(resume)
    (tmp_path / "good.docx").write_bytes(docx_bytes)
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing")
    files = [*files_below(tmp_path), tmp_path / "gone.pdf"]
    results = list(pmskills.score(files))
    assert [result.path for result in results] == [str(path) for path in files]
    assert [result.status for result in results] == ["corrupt", "empty", "ok", "ok", "missing"]
    assert results[0].to_dict()["message"].endswith("Open it in its own program and save or export it again.")
    assert results[2].to_dict()["skills"]


def test_a_fault_of_ours_stops_only_that_file(tmp_path, resume):
    (tmp_path / "a.txt").write_text(resume)

    class Broken:
        def __call__(self, document):
            raise RuntimeError("boom")

    result = next(pmskills.score([tmp_path / "a.txt"], Broken()))
    assert (result.status, result.analysis) == ("error", None)
    assert "RuntimeError: boom" in result.message


def test_files_below_is_sorted_and_leaves_hidden_ones_out(tmp_path):
    for name in ("b/2.txt", "a.txt", ".hidden", ".git/x.txt", "b/1.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [str(path.relative_to(tmp_path)) for path in files_below(tmp_path)] == ["a.txt", "b/1.txt", "b/2.txt"]
