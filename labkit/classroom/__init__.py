"""The classroom: student versions of the notebooks, and grading, with nbgrader and without its database.

    labkit classroom release hippo --to release/
    labkit classroom grade submissions/ -o grades.csv

Grading runs the students' code **as you, on this machine**, with your files and your network: nbgrader does
so too. Each submission has its own process, folder and kernel, a time limit for each cell and one for the
whole; that protects the grading from a submission, not your account from a malicious one. For submissions
that you do not trust, grade in a container or a virtual machine, as a user who owns nothing.
"""

from labkit.classroom.grades import Grade, write_csv
from labkit.classroom.grading import grade_all
from labkit.classroom.release import release_notebook, release_paper
from labkit.classroom.submissions import Submission, find_submissions

__all__ = [
    "Grade",
    "Submission",
    "find_submissions",
    "grade_all",
    "release_notebook",
    "release_paper",
    "write_csv",
]
