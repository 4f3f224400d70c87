"""NumPy arrays in files, without pickled objects and without more than was asked for."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmskills.errors import ModelError


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays to a compressed NumPy archive; the same arrays give the same file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            file = io.BytesIO()
            np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), file.getvalue(), zipfile.ZIP_DEFLATED)


def read_arrays(path: Path, most: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of a NumPy archive.

    Raises
    ------
    ModelError
        The file is missing or damaged, holds pickled objects, or unpacks to more than ``most`` bytes.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(info.file_size for info in packed.infolist())
        if unpacked > most:
            raise ModelError(f"{path}: refused, it unpacks to {unpacked / 1e6:.0f} MB. Load only models you trust.")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(
            f"{path}: missing or damaged ({type(error).__name__}: {error}). Build the model again."
        ) from None
