"""Writes the examples of a page from the scripts, or compares them.

    python3 examples.py PAGE

An example of the page is a code block after a comment that names its source: `<!-- tests/services/node/jose.mjs: jwt -->`
for the lines between `snippet: jwt` and `end` of that script, or `<!-- tests/services/gateway.toml -->` for a whole file.
"""

import os
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = re.compile(r"(<!-- (tests/services/\S+?)(?:: (\S+))? -->\n```\w+\n)(.*?)(```\n)", re.DOTALL)


def source(path, name):
    """Returns the lines of the script, without the empty ones at both ends."""
    text = (ROOT / path).read_text()
    if name:
        found = re.search(rf"^[^\n]*snippet: {name}\b[^\n]*\n(.*?)^\s*(?://|#) end$", text, re.DOTALL | re.MULTILINE)
        assert found, f"{path} has no snippet {name}"
        text = found[1]
    return textwrap.dedent(text).strip("\n") + "\n"


def renewed(found):
    start, path, name, _, end = found.groups()
    return start + source(path, name) + end


page = Path(sys.argv[1])
old = page.read_text()
new, count = EXAMPLE.subn(renewed, old)
assert count, f"{page} has no examples of scripts"
if new != old and os.environ.get("ISOGLOSS_BLESS"):
    page.write_text(new)
elif new != old:
    differing = [found[2] for found in EXAMPLE.finditer(old) if renewed(found) != found[0]]
    sys.exit(f"{page.name}: other lines than {', '.join(differing)}: ISOGLOSS_BLESS=1 make services writes them")
