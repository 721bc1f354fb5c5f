import os
import subprocess
import sys

SCRIPT = """
import os, sys, threading
from trimodal.datasets.preparation.quiet import quiet_stderr
print('before', file=sys.stderr)
with quiet_stderr():
    os.write(2, b'native\\n')
    with quiet_stderr():
        print('inner', file=sys.stderr)
    os.write(2, b'still\\n')
print('after', file=sys.stderr)
try:
    with quiet_stderr():
        raise ValueError('raised')
except ValueError as error:
    print(error, file=sys.stderr)
"""


def test_nothing_comes_out_meanwhile_and_all_afterwards(repo_root):
    # In a process of its own: pytest has taken stderr of this one.
    code = SCRIPT.replace(
        'from trimodal.datasets.preparation.quiet import',
        'sys.path.insert(0, "trimodal/datasets/preparation")\nfrom quiet '
        'import',
    )
    done = subprocess.run(
        [sys.executable, '-c', code],
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, 'PYTHONPATH': ''},
    )
    assert done.stderr.split() == ['before', 'after', 'raised']
