"""Finding the figures of a sentence's numbers.

`link_sentences` puts together what others read of a number: `measure_of_number`, `period_of_number` and `areas_and_categories`
what it is of, `part_of_measure`, `base_of_change` and `sentence_context` what other words make of it, and
`averages_and_targets`, `other_people` and `other_places` whether it is one that the warehouse does not count, which is not
linked. Their words are in `word_lists.yml`.

`understand_sentence` reads a claim, which `claimed_sentences` keeps and recognises. `link_pack_sentences` links the wording of
the pack.
"""
