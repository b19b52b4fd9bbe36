"""From candidate to published: the swap in one step, kept nights, the dictionary, open files and PostgreSQL."""
