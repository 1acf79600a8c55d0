"""Faults of labs and lessons that tests elsewhere provoke: a full disk, a lesson that hangs."""

from __future__ import annotations

from tests.faults.case import Proven as P

PROVEN = [
    P(
        "all commands",
        "a Python that is too old or too new",
        "Python … is not supported: install Python 3.11, 3.12 or 3.13",
        "The packages are locked for these.",
        "`make lab PYTHON=python3.12`, say.",
        "tests/lab/test_configuration.py::test_an_unsupported_python",
    ),
    P(
        "fetch",
        "no room for the downloads",
        "… needs … MB, only … MB are free at …; free some, or set AWS_CONFLUENT_HOME to a larger "
        "disk",
        "It is looked at before anything is fetched.",
        "As the line says.",
        "tests/lab/test_fetching.py::test_a_disk_without_room_is_said_before_fetching",
    ),
    P(
        "fetch",
        "the disk fills up while fetching",
        "the disk filled up while fetching …; nothing half-written was kept, free some space and "
        "run the same again",
        "Another program took the room.",
        "As the line says.",
        "tests/lab/test_fetching.py::test_a_disk_that_fills_up_while_fetching_keeps_nothing_half_written",
    ),
    P(
        "start_lab",
        "a port that is taken",
        "port … of … is taken, … cannot use it; see who has it (ss -ltnp | grep …), stop that or …",
        "Another program listens there.",
        "As the line says.",
        "tests/lab/test_starting.py::test_a_taken_port_is_named",
    ),
    P(
        "start_lab",
        "too little memory",
        "… broker(s) need … MB of memory, … MB are free; close other programs or other labs "
        "(python -m helpers down) and try again",
        "A machine that swaps does not answer any more.",
        "As the line says.",
        "tests/lab/test_starting.py::test_too_little_memory_is_said_before_starting",
    ),
    P(
        "start_lab",
        "a disk that is nearly full",
        "the disk of … has … MB left, a lab wants 300; free some, or set AWS_CONFLUENT_HOME to "
        "another disk",
        "Brokers write logs.",
        "As the line says.",
        "tests/lab/test_starting.py::test_a_full_disk_is_said_before_starting",
    ),
    P(
        "start_lab",
        "a broker that refuses its settings",
        "… ended with status … while starting",
        "A `broker_config` that Kafka does not take; the broker's own log follows.",
        "Correct the setting that the log names.",
        "tests/lab/test_starting.py::test_a_broker_that_refuses_its_settings_says_so_with_its_log",
    ),
    P(
        "start_lab",
        "a server that never answers",
        "broker-1 did not answer within … s",
        "The machine is very busy, or the server hangs; its log follows.",
        "Run the cell again when the machine is quieter.",
        "tests/lab/test_starting.py::test_a_server_that_never_answers_is_given_up_with_its_log",
    ),
    P(
        "start_lab",
        "the lab's guard hangs",
        "the lab's guard (process …) has not answered for … s; kill it (kill -9 …) and start the "
        "lab anew with start_lab()",
        "Somebody stopped that process.",
        "As the line says.",
        "tests/lab/test_limits.py::test_a_guard_that_does_not_answer_is_given_up_and_ended",
    ),
    P(
        "start_lab",
        "another lab is being prepared",
        "Waiting for another lab on this machine (…)",
        "Two first starts at once share one download.",
        "Wait: it goes on by itself.",
        "tests/lab/test_limits.py::test_waiting_for_another_lab_is_said_and_has_a_limit",
    ),
    P(
        "start_lab",
        "the kernel is killed",
        "",
        "Brokers and files go with it, whatever kills it.",
        "Restart the kernel and run the lesson from the top.",
        "tests/lab/test_leftovers.py::test_sigkill_when_ready_leaves_neither_process_nor_file",
        elsewhere=True,
    ),
    P(
        "up --docker",
        "a container that does not start",
        "…did not become ready",
        "What the containers said follows; nothing of them stays.",
        "See docs/install.md, or leave `--docker` out.",
        "tests/test_containers_up.py::test_faults_are_said_and_nothing_stays",
        elsewhere=True,
    ),
    P(
        "run",
        "a lesson fails",
        "cell 2: 1 / 0",
        "The table names lesson, cell and error; the other lessons still run.",
        "Open the lesson in `build/` at that cell.",
        "tests/test_run.py::test_one_failing_lesson_does_not_hide_the_others",
        elsewhere=True,
    ),
    P(
        "run",
        "a kernel dies",
        "the kernel died (killed, or out of memory)",
        "Often too little memory.",
        "Close other programs; the same again, with `--jobs 1`.",
        "tests/test_run.py::test_one_failing_lesson_does_not_hide_the_others",
    ),
    P(
        "run",
        "a lesson hangs",
        "took longer than the … s that a lesson may take",
        "The limit is 900 s.",
        "The same again on a quieter machine.",
        "tests/test_run.py::test_one_failing_lesson_does_not_hide_the_others",
    ),
    P(
        "run",
        "nowhere to write",
        "cannot write to … (…); move it out of the way",
        "`build` is a file, or another's.",
        "As the line says.",
        "tests/test_side_by_side.py::test_nowhere_to_write_is_one_line",
    ),
    P(
        "drop_groups",
        "a group at work",
        "NON_EMPTY_GROUP",
        "It waits a minute for members that were killed; then Kafka's refusal is shown.",
        "Close the consumers first.",
        "tests/test_cleanup_groups.py::test_a_group_at_work_is_left_and_said",
        elsewhere=True,
    ),
]
