<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE" sourcelanguage="en_GB">
  <context>
    <name>Viewer</name>
    <message>
      <source>%1 What was read before is shown.</source>
      <translation>%1 Gezeigt wird, was vorher gelesen wurde.</translation>
    </message>
    <message>
      <source>%1 at %2</source>
      <translation>%1 bei %2</translation>
    </message>
    <message>
      <source>%1 at the peak</source>
      <translation>%1 in der Spitze</translation>
    </message>
    <message>
      <source>%1 bytes</source>
      <translation>%1 Bytes</translation>
    </message>
    <message>
      <source>%1 has no recordings (*.headroom) in it</source>
      <translation>%1 enthält keine Aufzeichnungen (*.headroom)</translation>
    </message>
    <message>
      <source>%1 is gone</source>
      <translation>%1 ist nicht mehr da</translation>
    </message>
    <message>
      <source>%1 – Headroom</source>
      <translation>%1 – Headroom</translation>
    </message>
    <message>
      <source>%1, %2 by %3</source>
      <translation>%1, %2 mal %3</translation>
    </message>
    <message>
      <source>%1: %2…</source>
      <translation>%1: %2 …</translation>
    </message>
    <message>
      <source>%1: host memory ran out while it was read</source>
      <translation>%1: der Arbeitsspeicher reichte zum Lesen nicht</translation>
    </message>
    <message>
      <source>%1…</source>
      <translation>%1 …</translation>
    </message>
    <message>
      <source>&amp;About Headroom</source>
      <translation>Ü&amp;ber Headroom</translation>
    </message>
    <message>
      <source>&amp;Back to the zoom before</source>
      <translation>&amp;Zurück zum vorigen Ausschnitt</translation>
    </message>
    <message>
      <source>&amp;Browse…</source>
      <translation>&amp;Durchsuchen …</translation>
    </message>
    <message>
      <source>&amp;Choose nothing</source>
      <translation>A&amp;uswahl aufheben</translation>
    </message>
    <message>
      <source>Close ru&amp;n</source>
      <translation>Lauf s&amp;chließen</translation>
    </message>
    <message>
      <source>&amp;Colours</source>
      <translation>&amp;Farben</translation>
    </message>
    <message>
      <source>Co&amp;mmands…</source>
      <translation>&amp;Befehle …</translation>
    </message>
    <message>
      <source>&amp;Continue last session</source>
      <translation>&amp;Letzte Sitzung fortsetzen</translation>
    </message>
    <message>
      <source>&amp;Dark</source>
      <translation>&amp;Dunkel</translation>
    </message>
    <message>
      <source>&amp;Edit</source>
      <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
      <source>&amp;Export</source>
      <translation>&amp;Exportieren</translation>
    </message>
    <message>
      <source>&amp;Export view…</source>
      <translation>Ansicht &amp;exportieren …</translation>
    </message>
    <message>
      <source>&amp;File</source>
      <translation>&amp;Datei</translation>
    </message>
    <message>
      <source>&amp;Find</source>
      <translation>&amp;Suchen</translation>
    </message>
    <message>
      <source>&amp;Folder</source>
      <translation>&amp;Ordner</translation>
    </message>
    <message>
      <source>&amp;Forget these</source>
      <translation>Liste &amp;leeren</translation>
    </message>
    <message>
      <source>&amp;Full screen</source>
      <translation>&amp;Vollbild</translation>
    </message>
    <message>
      <source>&amp;Help</source>
      <translation>&amp;Hilfe</translation>
    </message>
    <message>
      <source>&amp;Light</source>
      <translation>&amp;Hell</translation>
    </message>
    <message>
      <source>&amp;Open…</source>
      <translation>Ö&amp;ffnen …</translation>
    </message>
    <message>
      <source>&amp;Panels</source>
      <translation>&amp;Bereiche</translation>
    </message>
    <message>
      <source>&amp;Quit</source>
      <translation>&amp;Beenden</translation>
    </message>
    <message>
      <source>Rea&amp;d again</source>
      <translation>E&amp;rneut lesen</translation>
    </message>
    <message>
      <source>&amp;Run</source>
      <translation>&amp;Lauf</translation>
    </message>
    <message>
      <source>Sa&amp;ve session</source>
      <translation>Sitzung &amp;speichern</translation>
    </message>
    <message>
      <source>&amp;View</source>
      <translation>&amp;Ansicht</translation>
    </message>
    <message>
      <source>; there already, to be replaced: %1</source>
      <translation>; schon vorhanden, werden ersetzt: %1</translation>
    </message>
    <message>
      <source>&lt;h2&gt;Headroom&lt;/h2&gt;&lt;p&gt;How much memory a transformer takes, where every byte goes, and which attention mechanism would take less.&lt;/p&gt;</source>
      <translation>&lt;h2&gt;Headroom&lt;/h2&gt;&lt;p&gt;Wie viel Speicher ein Transformer braucht, wohin jedes Byte geht, und welcher Attention-Mechanismus weniger bräuchte.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;What the run took.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Was der Lauf gebraucht hat.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>About Headroom</source>
      <translation>Über Headroom</translation>
    </message>
    <message>
      <source>As</source>
      <translation>Als</translation>
    </message>
    <message>
      <source>As the &amp;system</source>
      <translation>Wie das &amp;System</translation>
    </message>
    <message>
      <source>Begin</source>
      <translation>Anfangen</translation>
    </message>
    <message>
      <source>Being computed…</source>
      <translation>Wird berechnet …</translation>
    </message>
    <message>
      <source>CSV table</source>
      <translation>CSV-Tabelle</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Abbrechen</translation>
    </message>
    <message>
      <source>Choose at least one view and one format.</source>
      <translation>Mindestens eine Ansicht und ein Format wählen.</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Close all r&amp;uns</source>
      <translation>&amp;Alle Läufe schließen</translation>
    </message>
    <message>
      <source>Close run</source>
      <translation>Lauf schließen</translation>
    </message>
    <message>
      <source>Colours</source>
      <translation>Farben</translation>
    </message>
    <message>
      <source>Columns</source>
      <translation>Spalten</translation>
    </message>
    <message>
      <source>Command</source>
      <translation>Befehl</translation>
    </message>
    <message>
      <source>Commands</source>
      <translation>Befehle</translation>
    </message>
    <message>
      <source>Commands found</source>
      <translation>Gefundene Befehle</translation>
    </message>
    <message>
      <source>Copy</source>
      <translation>Kopieren</translation>
    </message>
    <message>
      <source>Copy as &amp;picture</source>
      <translation>Als &amp;Bild kopieren</translation>
    </message>
    <message>
      <source>Copy as &amp;table</source>
      <translation>Als &amp;Tabelle kopieren</translation>
    </message>
    <message>
      <source>Ctrl+?</source>
      <translation>Ctrl+?</translation>
    </message>
    <message>
      <source>Dark</source>
      <translation>Dunkel</translation>
    </message>
    <message>
      <source>Dismiss</source>
      <translation>Ausblenden</translation>
    </message>
    <message>
      <source>Export</source>
      <translation>Export</translation>
    </message>
    <message>
      <source>Export a&amp;ll…</source>
      <translation>A&amp;lle exportieren …</translation>
    </message>
    <message>
      <source>Export to</source>
      <translation>Exportieren nach</translation>
    </message>
    <message>
      <source>Fi&amp;lter</source>
      <translation>Fil&amp;ter</translation>
    </message>
    <message>
      <source>Files to write: %1</source>
      <translation>Zu schreibende Dateien: %1</translation>
    </message>
    <message>
      <source>Files written: %1 of %2</source>
      <translation>Geschriebene Dateien: %1 von %2</translation>
    </message>
    <message>
      <source>Files written: %1, in %2</source>
      <translation>Geschriebene Dateien: %1, in %2</translation>
    </message>
    <message>
      <source>Filter &amp;nothing</source>
      <translation>&amp;Nichts filtern</translation>
    </message>
    <message>
      <source>Formats</source>
      <translation>Formate</translation>
    </message>
    <message>
      <source>Headroom</source>
      <translation>Headroom</translation>
    </message>
    <message>
      <source>Height</source>
      <translation>Höhe</translation>
    </message>
    <message>
      <source>Help</source>
      <translation>Hilfe</translation>
    </message>
    <message>
      <source>Help on this &amp;view</source>
      <translation>Hilfe zu dieser &amp;Ansicht</translation>
    </message>
    <message>
      <source>Help on this view</source>
      <translation>Hilfe zu dieser Ansicht</translation>
    </message>
    <message>
      <source>How much memory a transformer takes, and where every byte goes.</source>
      <translation>Wie viel Speicher ein Transformer braucht, und wohin jedes Byte geht.</translation>
    </message>
    <message>
      <source>In logical pixels. A table that needs more height gets it.</source>
      <translation>In logischen Pixeln. Eine Tabelle, die mehr Höhe braucht, bekommt sie.</translation>
    </message>
    <message>
      <source>Keyboard &amp;shortcuts</source>
      <translation>&amp;Tastenkürzel</translation>
    </message>
    <message>
      <source>Keyboard shortcuts</source>
      <translation>Tastenkürzel</translation>
    </message>
    <message>
      <source>Keys</source>
      <translation>Tasten</translation>
    </message>
    <message>
      <source>Layer: %1</source>
      <translation>Schicht: %1</translation>
    </message>
    <message>
      <source>Light</source>
      <translation>Hell</translation>
    </message>
    <message>
      <source>Made by Headroom</source>
      <translation>Mit Headroom erstellt</translation>
    </message>
    <message>
      <source>Messages</source>
      <translation>Meldungen</translation>
    </message>
    <message>
      <source>No run is open.</source>
      <translation>Kein Lauf ist offen.</translation>
    </message>
    <message>
      <source>No run is open. Drop recordings here, or press Ctrl+O.</source>
      <translation>Kein Lauf ist offen. Aufzeichnungen hierher ziehen oder Strg+O drücken.</translation>
    </message>
    <message>
      <source>Nothing is called that.</source>
      <translation>Nichts heißt so.</translation>
    </message>
    <message>
      <source>Nothing was opened yet.</source>
      <translation>Es wurde noch nichts geöffnet.</translation>
    </message>
    <message>
      <source>Open &amp;recent</source>
      <translation>Zuletzt &amp;geöffnet</translation>
    </message>
    <message>
      <source>Open &amp;session…</source>
      <translation>&amp;Sitzung öffnen …</translation>
    </message>
    <message>
      <source>Open a session</source>
      <translation>Eine Sitzung öffnen</translation>
    </message>
    <message>
      <source>Open recordings</source>
      <translation>Aufzeichnungen öffnen</translation>
    </message>
    <message>
      <source>Open runs</source>
      <translation>Offene Läufe</translation>
    </message>
    <message>
      <source>Overview</source>
      <translation>Überblick</translation>
    </message>
    <message>
      <source>PDF page</source>
      <translation>PDF-Seite</translation>
    </message>
    <message>
      <source>PNG picture</source>
      <translation>PNG-Bild</translation>
    </message>
    <message>
      <source>Pixels of a PNG for each logical pixel</source>
      <translation>Pixel eines PNG je logischem Pixel</translation>
    </message>
    <message>
      <source>Platform</source>
      <translation>Plattform</translation>
    </message>
    <message>
      <source>Preview</source>
      <translation>Vorschau</translation>
    </message>
    <message>
      <source>Processor</source>
      <translation>Prozessor</translation>
    </message>
    <message>
      <source>Progress</source>
      <translation>Fortschritt</translation>
    </message>
    <message>
      <source>Qt, built with</source>
      <translation>Qt beim Bauen</translation>
    </message>
    <message>
      <source>Qt, running</source>
      <translation>Qt, laufend</translation>
    </message>
    <message>
      <source>Reading</source>
      <translation>Liest</translation>
    </message>
    <message>
      <source>Recent files</source>
      <translation>Zuletzt geöffnet</translation>
    </message>
    <message>
      <source>Recordings</source>
      <translation>Aufzeichnungen</translation>
    </message>
    <message>
      <source>Recordings (.headroom) and sessions can also be dropped anywhere in this window.</source>
      <translation>Aufzeichnungen (.headroom) und Sitzungen lassen sich auch irgendwo in dieses Fenster ziehen.</translation>
    </message>
    <message>
      <source>Recordings and snapshots (*.headroom *.pickle);;Sessions (*.headroom-session);;All files (*)</source>
      <translation>Aufzeichnungen und Snapshots (*.headroom *.pickle);;Sitzungen (*.headroom-session);;Alle Dateien (*)</translation>
    </message>
    <message>
      <source>Rena&amp;me</source>
      <translation>U&amp;mbenennen</translation>
    </message>
    <message>
      <source>Report as &amp;HTML…</source>
      <translation>Bericht als &amp;HTML …</translation>
    </message>
    <message>
      <source>Report as &amp;JSON…</source>
      <translation>Bericht als &amp;JSON …</translation>
    </message>
    <message>
      <source>Reports</source>
      <translation>Berichte</translation>
    </message>
    <message>
      <source>Retry</source>
      <translation>Erneut versuchen</translation>
    </message>
    <message>
      <source>Run: %1</source>
      <translation>Lauf: %1</translation>
    </message>
    <message>
      <source>Runs</source>
      <translation>Läufe</translation>
    </message>
    <message>
      <source>SVG drawing</source>
      <translation>SVG-Zeichnung</translation>
    </message>
    <message>
      <source>Save session &amp;as…</source>
      <translation>Sitzung speichern &amp;unter …</translation>
    </message>
    <message>
      <source>Save the session</source>
      <translation>Sitzung speichern</translation>
    </message>
    <message>
      <source>Scale of PNG</source>
      <translation>Maßstab des PNG</translation>
    </message>
    <message>
      <source>Sessions</source>
      <translation>Sitzungen</translation>
    </message>
    <message>
      <source>Sessions (*.headroom-session)</source>
      <translation>Sitzungen (*.headroom-session)</translation>
    </message>
    <message>
      <source>Sessions (*.headroom-session);;All files (*)</source>
      <translation>Sitzungen (*.headroom-session);;Alle Dateien (*)</translation>
    </message>
    <message>
      <source>Set as &amp;baseline</source>
      <translation>Als &amp;Vergleichsbasis</translation>
    </message>
    <message>
      <source>Show a&amp;ll</source>
      <translation>A&amp;lles zeigen</translation>
    </message>
    <message>
      <source>Show all messages</source>
      <translation>Alle Meldungen zeigen</translation>
    </message>
    <message>
      <source>Show in &amp;file manager</source>
      <translation>Im &amp;Dateiverwalter zeigen</translation>
    </message>
    <message>
      <source>Size</source>
      <translation>Größe</translation>
    </message>
    <message>
      <source>Start pa&amp;ge</source>
      <translation>Start&amp;seite</translation>
    </message>
    <message>
      <source>System</source>
      <translation>System</translation>
    </message>
    <message>
      <source>Type what you want to do, see or open</source>
      <translation>Was soll getan, gezeigt oder geöffnet werden?</translation>
    </message>
    <message>
      <source>Version</source>
      <translation>Fassung</translation>
    </message>
    <message>
      <source>Versions</source>
      <translation>Fassungen</translation>
    </message>
    <message>
      <source>Views</source>
      <translation>Ansichten</translation>
    </message>
    <message>
      <source>Views to export</source>
      <translation>Zu exportierende Ansichten</translation>
    </message>
    <message>
      <source>What</source>
      <translation>Was</translation>
    </message>
    <message>
      <source>Width</source>
      <translation>Breite</translation>
    </message>
    <message>
      <source>Write the report</source>
      <translation>Bericht schreiben</translation>
    </message>
    <message>
      <source>Zoom &amp;in</source>
      <translation>Ver&amp;größern</translation>
    </message>
    <message>
      <source>Zoom &amp;out</source>
      <translation>Ver&amp;kleinern</translation>
    </message>
    <message>
      <source>and %1 more rows</source>
      <translation>und %1 weitere Zeilen</translation>
    </message>
    <message>
      <source>baseline</source>
      <translation>Basis</translation>
    </message>
    <message>
      <source>copied the picture</source>
      <translation>Bild kopiert</translation>
    </message>
    <message>
      <source>copied the table; its rows: %1</source>
      <translation>Tabelle kopiert; Zeilen: %1</translation>
    </message>
    <message>
      <source>failed at %1</source>
      <translation>gescheitert bei %1</translation>
    </message>
    <message>
      <source>out of memory at %1</source>
      <translation>Speicher erschöpft bei %1</translation>
    </message>
    <message>
      <source>peak: %1</source>
      <translation>Spitze: %1</translation>
    </message>
    <message>
      <source>reading</source>
      <translation>liest</translation>
    </message>
    <message>
      <source>saved the session as %1</source>
      <translation>Sitzung gespeichert als %1</translation>
    </message>
    <message>
      <source>the file is gone</source>
      <translation>die Datei ist nicht mehr da</translation>
    </message>
    <message>
      <source>the file is gone; what was read of it is shown</source>
      <translation>die Datei ist nicht mehr da; gezeigt wird, was gelesen wurde</translation>
    </message>
    <message>
      <source>there is nothing to find in this view</source>
      <translation>in dieser Ansicht gibt es nichts zu suchen</translation>
    </message>
    <message>
      <source>unexpected failure: %1</source>
      <translation>unerwarteter Fehler: %1</translation>
    </message>
    <message>
      <source>writing %1…</source>
      <translation>schreibt %1 …</translation>
    </message>
    <message>
      <source>wrote %1</source>
      <translation>%1 geschrieben</translation>
    </message>
  </context>
</TS>
