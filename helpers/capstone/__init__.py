"""The capstone: a fourth scenario, built by the learner and checked as a process."""
