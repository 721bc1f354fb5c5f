"""Finding the configs that come with trimodal."""

import difflib
from fnmatch import fnmatch
from pathlib import Path

import trimodal


def config_folder() -> Path:
    """The folder of the shipped configs.

    Returns:
        Path: ``configs/`` of the repository, or in an installed package its
        copy.

    Raises:
        FileNotFoundError: If there is neither.
    """
    package = Path(trimodal.__file__).parent
    for folder in (package.parent / 'configs', package / '.mim' / 'configs'):
        if (folder / '_base_').is_dir():
            return folder
    raise FileNotFoundError(
        f'no configs beside {package} nor in {package / ".mim"}; '
        'reinstall trimodal'
    )


def list_models(pattern: str = '*') -> list[str]:
    """List the configs of models that come with trimodal.

    Args:
        pattern (str): Names to list, such as ``'*attention*'`` or
            ``'tridigits/*'``. Defaults to all.

    Returns:
        list[str]: Names, ``folder/file`` without ``.py``, for
        :class:`~trimodal.apis.TriModalInferencer`,
        :func:`~trimodal.apis.init_model` and :func:`find_config`.
    """
    folder = config_folder()
    files = (file.relative_to(folder) for file in folder.rglob('*.py'))
    names = (
        file.with_suffix('').as_posix()
        for file in files
        if '_base_' not in file.parts
    )
    return sorted(name for name in names if fnmatch(name, pattern))


def find_config(config: str | Path) -> Path:
    """Find a config file.

    Args:
        config (str | Path): A file, or a name as :func:`list_models` gives
            it, with or without its folder.

    Returns:
        Path: The file.

    Raises:
        FileNotFoundError: If there is none; the message lists near names.
        ValueError: If several folders have a config of that name.
    """
    if Path(config).is_file():
        return Path(config)
    name = str(config).removesuffix('.py')
    known = list_models()
    found = [k for k in known if name in (k, k.rpartition('/')[2])]
    if len(found) > 1:
        raise ValueError(f'{config} may be any of {", ".join(found)}')
    if found:
        return config_folder() / f'{found[0]}.py'
    names = {k.rpartition('/')[2]: k for k in known}
    near = difflib.get_close_matches(name, [*known, *names], n=3)
    hint = f'; near are {", ".join(names.get(n, n) for n in near)}'
    raise FileNotFoundError(
        f'{config} is neither a config file nor the name of one'
        f'{hint if near else ""}'
    )
