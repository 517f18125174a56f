"""Texts cut up for full-text search, and queries cut up the same way."""

import re
from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from server.projection.segmentation import _UNSPACED, search_phrase, searchable, segment


def test_every_chinese_character_is_a_word_and_latin_words_stay_whole():
    assert segment("附件2：全市contest统计表") == "附 件 2： 全 市 contest 统 计 表".replace(
        "2：", "2:"
    )


def by_runs(text):
    """Cut up a text run by run, in its normal form as a whole."""
    plain = normalize("NFKC", text)
    runs = re.findall(f"[{_UNSPACED}]+|[^{_UNSPACED}]+", plain)
    return " ".join(" ".join(run) if re.match(f"[{_UNSPACED}]", run) else run for run in runs)


@given(
    st.text("a1 \n竞赛，：！（Ａ１ｱﾞか゛\u3099가ㄱ가é\u0301ﬁ㈱⼀豈\U0001f600\U00020000") | st.text()
)
def test_texts_are_cut_up_as_if_normal_form_and_runs_were_made_of_the_whole(text):
    assert segment(text) == by_runs(text)


def test_a_run_of_characters_is_searched_as_a_phrase():
    assert search_phrase("竞赛") == '"竞 赛"'
    assert search_phrase("竞赛 项目") == '"竞 赛" "项 目"'
    assert search_phrase('"竞赛 项目"') == '"竞 赛   项 目"'


def test_full_width_letters_are_found_by_plain_ones():
    assert search_phrase("ＡＢ１２") == search_phrase("AB12")


def found(cells, query):
    db = Database(memory=True)
    db.execute("create virtual table t using fts5(text, tokenize = 'unicode61')")
    db.execute("insert into t values (?)", [searchable(cells)])
    rows = db.execute("select 1 from t where t match ?", [search_phrase(query)]).fetchall()
    db.close()
    return bool(rows)


@given(st.lists(st.text("a1 竞Ａ：か゛\u3099가é\u0301") | st.text(), max_size=4))
def test_a_row_has_the_words_of_its_cells_with_a_border_between(cells):
    apart = [segment(cell).split() for cell in cells]

    assert searchable(cells).split() == [
        word for number, words in enumerate(apart) for word in (["\ue000"] * bool(number) + words)
    ]


def test_no_phrase_is_found_across_two_cells():
    assert found(["东胜", "铁路"], "东胜 铁路")
    assert not found(["东胜", "铁路"], "胜铁")


@given(st.text())
def test_nothing_that_is_typed_is_an_error(query):
    found(["东胜供水工程"], query)


@given(st.text(st.sampled_from("东胜供水工程铁路ab1 、"), min_size=1), st.data())
def test_any_part_of_a_text_finds_it(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    part = text[start:end].strip(" 、")
    if part and not any(letter in "ab1" for letter in part):
        assert found([text], part)
