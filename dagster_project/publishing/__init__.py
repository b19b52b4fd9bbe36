"""From candidate to published: `publish` swaps a night in, in one step, with its dictionary; `outputs` are the files beside it,
`postgres` the copy on a server, `keep_and_prune` keeps the last ones (how many is `[keep]` of the settings) and deletes older
ones, `kept_nights` lists and finds them.
"""
