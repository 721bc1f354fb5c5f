"""Every module has a test file of its name, in the folder of its name."""

from tests.test_repo.sources import ROOT, listed, python_files, relative

# Modules that need none: nothing to test but what others test.
EXCEPTIONS = {
    'trimodal/version.py': 'one constant, checked with the wheel',
    'trimodal/engine/runner/options.py': 'fields only; test_launch.py uses it',
}


def expected_test(module: str) -> str:
    """The test file of a module, both as paths from the root."""
    folder, _, name = module.removeprefix('trimodal').rpartition('/')
    return f'tests{folder}/test_{name.lstrip("_")}'


def test_expected_test():
    assert expected_test('trimodal/registry.py') == 'tests/test_registry.py'
    assert (
        expected_test('trimodal/models/heads/cls_head.py')
        == 'tests/models/heads/test_cls_head.py'
    )


def test_every_module_has_a_test_file():
    modules = [
        relative(path)
        for path in python_files('trimodal')
        if path.name != '__init__.py'
    ]
    missing = {
        module: expected_test(module)
        for module in modules
        if module not in EXCEPTIONS
        and not (ROOT / expected_test(module)).exists()
    }
    assert not missing, listed(missing.items())


def test_every_tool_is_named_in_a_test():
    """Or in a script that is: what two of them share."""
    tests = '\n'.join(p.read_text('utf-8') for p in python_files('tests'))
    tools = [
        path
        for folder in ('tools', 'benchmarks')
        for path in (ROOT / folder).rglob('*')
        if path.suffix in ('.py', '.sh') and path.name != '__init__.py'
    ]
    scripts = [t for t in tools if t.suffix == '.sh' and t.name in tests]
    named = '\n'.join([tests, *(s.read_text('utf-8') for s in scripts)])
    missing = [relative(t) for t in tools if t.name not in named]
    assert not missing, listed(missing)


def test_every_exception_still_exists():
    assert all((ROOT / module).exists() for module in EXCEPTIONS)


def test_every_test_folder_is_a_package():
    """Two test files of one name only get on in packages."""
    bare = {
        relative(path.parent)
        for path in python_files('tests')
        if not (path.parent / '__init__.py').exists()
    }
    assert not bare, listed(bare)
