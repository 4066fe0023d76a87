"""The types that the comments of the page's JavaScript state hold; .ci/tsconfig.json says how strictly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.servers.common import ServerFailure  # noqa: E402 - the tests are no package that is installed
from tests.support.servers.npm import find_tsc  # noqa: E402


def main() -> int:
    """The compiler's exit code."""
    try:
        program = find_tsc()
    except ServerFailure as error:
        print(error)
        return 1
    return subprocess.run([str(program), "-p", str(ROOT / ".ci")], check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
