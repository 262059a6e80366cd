"""What ``rag eval init`` writes: a gold file with guidance, which is good JSON lines itself."""

TEMPLATE = """\
// Gold questions, one JSON object a line; lines that start with // are left out.
// Run them: rag eval --gold THIS_FILE --source YOUR/ARTICLES   (add --check to only check them)
//
// id          short and unique; it names the question in every report
// type        a word of your own, for the table by type: fact, number, speaker, unanswerable, ...
// question    in a reader's words; the more it differs from the article's, the better the test
// history     turns before it: [{"question": "...", "answer": "..."}]; leave out if there are none
// as_of       "YYYY-MM-DD" to hide later articles; leave out for all
// answerable  false where the articles do not say; then answers and evidence stay empty
// abstention_ok  true where declining is as good as correcting a false presupposition
// answers     groups; of each group one alternative must stand in the answer or in its quotes
// forbidden   texts that must not
// evidence    groups; each lists the sentences that are equally good, letter for letter as they
//             stand in the article; where a quote stands there more than once, add "start" and
//             "end", in characters from 0 (`rag search --json` shows them)
// lexical_gap true where question and sentence share no content words
// sides       for conflicts: per side the numbers (from 0) of its evidence groups
//
// Two examples; replace them, and write some questions that your articles do not answer.
// {"id": "army-size", "type": "number", "question": "How big an army?", "answerable": true, \
"answers": [["800,000", "800 000"]], "evidence": [[{"article": "a.txt", \
"quote": "The army counts 800,000 people."}]]}
// {"id": "bread", "type": "offtopic", "question": "How do I bake bread?", "answerable": false}
"""
