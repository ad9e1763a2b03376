"""How errors reach the user: one line, exit code 2; our own bugs keep their traceback."""

import pytest

from mmseg.utils.errors import UserError, command_line, suggestion


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


def test_the_error_of_a_worker_keeps_only_its_line():
    sent = "Caught UserError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n  File …\n"
    assert str(UserError(f"{sent}mmseg.utils.errors.UserError: a.png is cut off. Copy it again.\n")) == "a.png is cut off. Copy it again."


def test_suggestion_names_the_closest_spelling():
    assert suggestion("pseudo_treshold", ["pseudo_threshold", "alpha"]) == " Did you mean 'pseudo_threshold'?"
    assert suggestion("nothing_like_it", ["alpha"]) == ""
