"""Writes workbook.xlsx, from which the tests of rows read. Needs openpyxl; run it in this folder."""

import datetime as dt
import os
import re
import zipfile

from openpyxl import Workbook

book = Workbook()

hidden = book.active
hidden.title = "Config"
hidden.sheet_state = "hidden"
hidden.append(["setting"])
hidden.append(["x"])

good = book.create_sheet("Contactos")
# The table begins in B2: a row and a column before it are empty.
table = [
    ["id", "nombre", "telefono", "fecha", "cita", "hora", "activo", "saldo", "total", "_nota"],
    ["00123456789012345678", "Muñoz, Ana\n2.º", 3001234567, dt.date(2026, 1, 31),
     dt.datetime(2026, 1, 31, 8, 30), dt.time(8, 30), True, 10000.1, "=1+41", "n"],
    ["007", " =1+1 ", -5, dt.date(1900, 1, 1), dt.datetime(2026, 2, 1, 0, 0),
     dt.timedelta(hours=26, minutes=30), False, 0, '="a"&"b"', None],
    [None] * 10,
    ["9", None, 999999999999999, None, None, None, None, None, None, None],
]
for row, cells in enumerate(table, start=2):
    for column, value in enumerate(cells, start=2):
        if value is not None:
            cell = good.cell(row, column, value)
            if value == " =1+1 ":
                cell.data_type = "s"
            if column == 6 and row > 2:
                cell.number_format = "yyyy-mm-dd hh:mm"

wrong = book.create_sheet("Errores")
for cells in (["id", "nombre"], [1234567890123456, "a"], ["2", "#N/A"], ["3", "c", "de más"], ["4", "d"]):
    wrong.append(cells)

for title, header in (("Duplicados", ["id", "nombre", "id"]), ("Huecos", ["id", None, "nombre"]), ("Vacia", [])):
    book.create_sheet(title).append(header)

book.save("plain.xlsx")

# openpyxl stores no results of formulas and no table of shared texts. Excel does, so they are written in:
# the results everywhere, shared texts for the sheet of contacts, with an empty and a formatted one among them.
shared = ["<si/>", "<si><r><t>Mu</t></r><r><t>ñoz, Ana\n2.º</t></r></si>"]


def share(match):
    shared.append(f"<si>{match[2]}</si>")
    index = 1 if "ñoz" in match[2] else len(shared) - 1
    return f'{match[1]} t="s"><v>{index}</v></c>'


with zipfile.ZipFile("plain.xlsx") as old, zipfile.ZipFile("workbook.xlsx", "w", zipfile.ZIP_DEFLATED) as new:
    for item in old.infolist():
        data = old.read(item)
        if item.filename.startswith("xl/worksheets/"):
            text = data.decode()
            text = re.sub(r"<f>1\+41</f><v ?/?>(</v>)?", "<f>1+41</f><v>42</v>", text)
            text = re.sub(r'(<c r="\w+")([^>]*)><f>"a"&amp;"b"</f><v ?/?>(</v>)?',
                          r'\1\2 t="str"><f>"a"&amp;"b"</f><v>ab</v>', text)
            if item.filename.endswith("sheet2.xml"):
                text = re.sub(r'(<c r="\w+"(?: s="\d+")?) t="inlineStr"><is>(.*?)</is></c>', share, text, flags=re.S)
                text = text.replace('<c r="D6"', '<c r="C6" t="s"><v>0</v></c><c r="D6"')
            data = text.encode()
        elif item.filename == "[Content_Types].xml":
            data = data.replace(b"</Types>", b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/'
                                b'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml" /></Types>')
        elif item.filename == "xl/_rels/workbook.xml.rels":
            data = data.replace(b"</Relationships>", b'<Relationship Type="http://schemas.openxmlformats.org/'
                                b'officeDocument/2006/relationships/sharedStrings" Target="/xl/sharedStrings.xml" '
                                b'Id="rIdShared" /></Relationships>')
        new.writestr(zipfile.ZipInfo(item.filename, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    sst = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + "".join(shared) + "</sst>"
    new.writestr(zipfile.ZipInfo("xl/sharedStrings.xml", (2026, 1, 1, 0, 0, 0)), sst, zipfile.ZIP_DEFLATED)

os.remove("plain.xlsx")
