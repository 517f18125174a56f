"""What the engine itself says to a person, in the languages it speaks.

A form's own messages come first; these are for what the form says nothing about.
"""

from collections.abc import Mapping

ZH, EN = "zh-CN", "en"

MESSAGES: Mapping[str, Mapping[str, str]] = {
    "type.text": {ZH: "请填写文字。", EN: "Write a text."},
    "type.integer": {ZH: "请填写整数。", EN: "Write a whole number."},
    "type.decimal": {ZH: "请填写数字，例如 12.50。", EN: "Write a number, as in 12.50."},
    "type.date": {ZH: "请填写日期，例如 2019-05-30。", EN: "Write a date, as in 2019-05-30."},
    "type.time": {ZH: "请填写时间，例如 08:30:00。", EN: "Write a time, as in 08:30:00."},
    "type.datetime": {
        ZH: "请填写日期和时间，例如 2019-05-30T08:30:00+08:00。",
        EN: "Write a date and time, as in 2019-05-30T08:30:00+08:00.",
    },
    "type.select_one": {ZH: "请选择一项。", EN: "Choose one."},
    "type.select_multiple": {ZH: "请选择若干项。", EN: "Choose any of the list."},
    "type.acknowledge": {ZH: "请确认。", EN: "Confirm this."},
    "type.geopoint": {
        ZH: "请填写位置：纬度和经度。",
        EN: "Give a position: latitude and longitude.",
    },
    "type.file": {ZH: "请选择文件。", EN: "Choose a file."},
    "type.canonical": {
        ZH: "填写内容的写法不规范。",
        EN: "The answer is not in its canonical form.",
    },
    "type.group": {ZH: "此处应为一组答案。", EN: "A group of answers belongs here."},
    "type.repeat": {ZH: "此处应为若干行。", EN: "A list of rows belongs here."},
    "too_big": {ZH: "内容过长或数值过大。", EN: "This is too long or too large."},
    "required": {ZH: "此项必填。", EN: "This needs an answer."},
    "constraint": {ZH: "填写内容不符合要求。", EN: "The answer breaks a rule of the form."},
    "soft_constraint": {ZH: "请核实，并说明原因。", EN: "Check this, and give the reason."},
    "reason": {
        ZH: "请写明具体原因，“无误”之类不算说明。",
        EN: "Say what the reason is; “ok” is none.",
    },
    "choice": {ZH: "所选项不在列表中。", EN: "This is none of the choices."},
    "file_type": {
        ZH: "不接受此类文件，请选择这些类型的文件：{accepted}。",
        EN: "This kind of file is not accepted. Choose one of: {accepted}.",
    },
    "file_type.image": {
        ZH: "此处只接受图片，请选择图片文件。",
        EN: "Only images are accepted here. Choose an image.",
    },
    "file_type.audio": {
        ZH: "此处只接受录音，请选择音频文件。",
        EN: "Only sound is accepted here. Choose an audio file.",
    },
    "file_type.video": {
        ZH: "此处只接受视频，请选择视频文件。",
        EN: "Only videos are accepted here. Choose a video.",
    },
    "empty_file": {
        ZH: "文件是空的（0 字节），请选择有内容的文件。",
        EN: "The file is empty (0 bytes). Choose one that holds something.",
    },
    "order": {ZH: "所选项的次序与列表不同。", EN: "The choices are not in the order of the list."},
    "calculation": {
        ZH: "该值与按表计算的结果不同。",
        EN: "The value differs from what the form calculates.",
    },
    "not_relevant": {ZH: "此项在本表中不适用。", EN: "This does not apply here."},
    "unknown_question": {ZH: "表中没有这一项。", EN: "The form has no such question."},
    "row_id": {
        ZH: "行的编号缺失、重复或不合规。",
        EN: "The id of the row is missing, doubled or malformed.",
    },
    "min_rows": {ZH: "至少需要 {count} 行。", EN: "At least {count} rows are needed."},
    "max_rows": {ZH: "最多 {count} 行。", EN: "At most {count} rows are allowed."},
}


def message(code: str, language: str, fallback: str = "", **facts: object) -> str:
    """Return what the engine says, in the language, the fallback or English."""
    texts = MESSAGES[code]
    for wanted in (language, fallback, EN):
        for known, text in texts.items():
            if wanted == known or (wanted and wanted.split("-")[0] == known.split("-")[0]):
                return text.format(**facts)
    return texts[EN].format(**facts)
