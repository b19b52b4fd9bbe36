"""The inbox: `file_names` reads what a file's name says, `inbox_files` opens it safely and notices if it changes while it is
read, `move_to_archive` puts it away afterwards.
"""
