"""How errors reach the user: one line, exit code 2; our own bugs keep their traceback."""

import errno

import pytest

from mmseg.utils.errors import BadFileError, CommandParser, SmallImageError, UserError, Waiting, command_line, naming, suggestion


def raising(error: BaseException):
    def main() -> None:
        raise error

    return main


def test_a_mistake_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit) as ended:
        command_line(raising(UserError("x is wrong. Use y.")))()
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", "error: x is wrong. Use y.\n")


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        command_line(raising(ZeroDivisionError()))()


def test_interrupting_is_no_error(capsys):
    with pytest.raises(SystemExit) as ended:
        command_line(raising(KeyboardInterrupt()))()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1)])
def test_exit_code_of_main(returned, code):
    with pytest.raises(SystemExit) as ended:
        command_line(lambda: returned)()
    assert ended.value.code == code


def test_a_name_that_no_file_can_have(capsys):
    error = OSError(errno.ENAMETOOLONG, "File name too long", "a" * 300)  # as Path.is_dir raises it until Python 3.13
    with pytest.raises(SystemExit) as ended:
        command_line(raising(error))()
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"error: {'a' * 40}… is longer than the name of a file may be, so it names none.\n"


def test_the_error_of_a_worker_keeps_only_its_line():
    sent = "Caught UserError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n  File …\n"
    assert str(UserError(f"{sent}mmseg.utils.errors.UserError: a.png is cut off. Copy it again.\n")) == "a.png is cut off. Copy it again."


def test_suggestion_names_the_closest_spelling():
    assert suggestion("pseudo_treshold", ["pseudo_threshold", "alpha"]) == " Did you mean 'pseudo_threshold'?"
    assert suggestion("nothing_like_it", ["alpha"]) == ""


@pytest.mark.parametrize("name", ["two\nlines", "caf\udce9", "cr\r"])
def test_a_name_of_a_file_keeps_the_error_on_one_line(name, capsys):
    with pytest.raises(SystemExit):
        command_line(raising(UserError(f"{name}.png is empty.")))()
    line = capsys.readouterr().err
    assert line.count("\n") == 1 and line.strip().isprintable() and line.endswith(".png is empty.\n")


def test_a_file_of_an_image_that_is_too_small_is_named():
    with pytest.raises(BadFileError, match=r"^a\.png cannot be predicted\. 1x1 is too small\.$"), naming("a.png"):
        raise SmallImageError("1x1 is too small.")
    with pytest.raises(UserError, match=r"^another mistake$"), naming("a.png"):
        raise UserError("another mistake")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "the following arguments are required: config. See tool.py --help."),
        (["a.py", "--weigths", "x"], "unrecognized arguments: --weigths x. Did you mean '--weights'? See tool.py --help."),
        (["a.py", "--zzz=1"], "unrecognized arguments: --zzz=1. See tool.py --help."),
        (["a.py", "--number", "x"], "argument --number: invalid int value: 'x'. See tool.py --help."),
        (["a.py", "--number"], "argument --number: expected one argument. See tool.py --help."),
    ],
)
def test_wrong_arguments_take_one_line(capsys, arguments, line):
    parser = CommandParser(prog="tool.py")
    parser.add_argument("config")
    parser.add_argument("--weights")
    parser.add_argument("--number", type=int)
    with pytest.raises(SystemExit) as ended:
        command_line(lambda: parser.parse_args(arguments) and 0)()
    assert ended.value.code == 2 and capsys.readouterr() == ("", f"error: {line}\n")


def test_sub_commands_speak_alike(capsys):
    parser = CommandParser(prog="tool.py")
    parser.add_subparsers(dest="command", required=True).add_parser("train").add_argument("config")
    with pytest.raises(SystemExit):
        command_line(lambda: parser.parse_args(["train"]))()
    assert capsys.readouterr().err == "error: the following arguments are required: config. See tool.py train --help.\n"


@pytest.mark.parametrize(("text", "shown"), [("a\udce4\nb", "a\\udce4\\nb\n"), ("", "")])
def test_a_training_that_waits_ends_well(capsys, text, shown):
    """One line that any terminal can show, or none where another process says it."""

    def wait():
        raise Waiting(text)

    with pytest.raises(SystemExit) as ended:
        command_line(wait)()
    assert ended.value.code == 0 and capsys.readouterr() == (shown, "")
