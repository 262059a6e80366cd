"""Right and wrong bare answers are made of outside questions as told."""

import json

from eval_loader import load

bare = load("bench.bare")


def test_each_right_answer_gives_wrong_ones_of_its_kind(tmp_path):
    row = {
        "id": "x",
        "title": "Dams",
        "question": "When did Lima build the dam?",
        "context": "It rains. In 1931 the city of Lima built a dam like that of Quito from 1912.",
        "answerable": True,
        "answers": [{"text": "1931", "start": 13}],
    }
    other = {**row, "id": "y", "answerable": False, "answers": []}
    (tmp_path / "squad2.jsonl").write_text(f"{json.dumps(row)}\n{json.dumps(other)}\n")
    source = "In 1931 the city of Lima built a dam like that of Quito from 1912."
    assert list(bare.cases(tmp_path)) == [
        bare.Bare("right", "When did Lima build the dam?", "1931", source),
        bare.Bare("other answer", "When did Lima build the dam?", "1912", source),
        bare.Bare("other question", "When did Quito build the dam?", "1931", source),
    ]
