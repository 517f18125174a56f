def test_try(book, contests):
    book.hand_in("attachment-2", contests("东胜区供水工程", "高速公路"))
    print(book.audit('select * from "attachment-2"'))
    print(book.audit('select * from "attachment-2-contests"'))
    print(book.audit("select * from entries"))
    print(book.audit('select * from "attachment-2-contests_fts"'))
    print(book.audit("select name, sql from sqlite_master"))
