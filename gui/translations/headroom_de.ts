<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE" sourcelanguage="en_GB">
  <context>
    <name>Viewer</name>
    <message>
      <source> By its closed form a token of one sequence would cost %1.</source>
      <translation> Nach der geschlossenen Formel würde ein Token einer Sequenz %1 kosten.</translation>
    </message>
    <message>
      <source> at %1</source>
      <translation> bei %1</translation>
    </message>
    <message>
      <source> in %1</source>
      <translation> in %1</translation>
    </message>
    <message>
      <source> less</source>
      <translation> weniger</translation>
    </message>
    <message>
      <source> more</source>
      <translation> mehr</translation>
    </message>
    <message>
      <source>%1 %2</source>
      <translation>%1 %2</translation>
    </message>
    <message>
      <source>%1 %2 of %3</source>
      <translation>%1 %2 von %3</translation>
    </message>
    <message>
      <source>%1 %2&lt;br&gt;%3 = %4</source>
      <translation>%1 %2&lt;br&gt;%3 = %4</translation>
    </message>
    <message>
      <source>%1 (added)</source>
      <translation>%1 (hinzugekommen)</translation>
    </message>
    <message>
      <source>%1 (baseline)</source>
      <translation>%1 (Basis)</translation>
    </message>
    <message>
      <source>%1 (removed)</source>
      <translation>%1 (entfernt)</translation>
    </message>
    <message>
      <source>%1 What was read before is shown.</source>
      <translation>%1 Gezeigt wird, was vorher gelesen wurde.</translation>
    </message>
    <message>
      <source>%1 a token of one sequence</source>
      <translation>%1 je Token einer Sequenz</translation>
    </message>
    <message>
      <source>%1 allocated nothing that was recorded.</source>
      <translation>%1 hat nichts belegt, das aufgezeichnet wurde.</translation>
    </message>
    <message>
      <source>%1 allocations over the run</source>
      <translation>%1 Belegungen im ganzen Lauf</translation>
    </message>
    <message>
      <source>%1 and %2 more</source>
      <translation>%1 und %2 weitere</translation>
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
      <source>%1 before, %2 after</source>
      <translation>%1 vorher, %2 nachher</translation>
    </message>
    <message>
      <source>%1 blocks</source>
      <translation>%1 Blöcke</translation>
    </message>
    <message>
      <source>%1 blocks alive %2: %3</source>
      <translation>%1 lebende Blöcke %2: %3</translation>
    </message>
    <message>
      <source>%1 bytes</source>
      <translation>%1 Bytes</translation>
    </message>
    <message>
      <source>%1 cancelled</source>
      <translation>%1 abgebrochen</translation>
    </message>
    <message>
      <source>%1 closed forms differ from the recorded bytes.</source>
      <translation>%1 geschlossene Formeln weichen von den aufgezeichneten Bytes ab.</translation>
    </message>
    <message>
      <source>%1 copied %2</source>
      <translation>%1 kopiert (%2)</translation>
    </message>
    <message>
      <source>%1 could not be read: %2</source>
      <translation>%1 ließ sich nicht lesen: %2</translation>
    </message>
    <message>
      <source>%1 could not be run: %2</source>
      <translation>%1 ließ sich nicht ausführen: %2</translation>
    </message>
    <message>
      <source>%1 could not be started: %2.</source>
      <translation>%1 ließ sich nicht starten: %2.</translation>
    </message>
    <message>
      <source>%1 did not get to its end, and is shown as far as it came.</source>
      <translation>%1 kam nicht ans Ende und wird gezeigt, soweit es kam.</translation>
    </message>
    <message>
      <source>%1 does not answer within %2 s.</source>
      <translation>%1 antwortet nicht innerhalb von %2 s.</translation>
    </message>
    <message>
      <source>%1 done</source>
      <translation>%1 fertig</translation>
    </message>
    <message>
      <source>%1 events, %2</source>
      <translation>%1 Ereignisse, %2</translation>
    </message>
    <message>
      <source>%1 failed</source>
      <translation>%1 gescheitert</translation>
    </message>
    <message>
      <source>%1 failed: %2</source>
      <translation>%1 gescheitert: %2</translation>
    </message>
    <message>
      <source>%1 has no recordings (*.headroom) or snapshots (*.pickle) in it</source>
      <translation>In %1 sind keine Aufzeichnungen (*.headroom) oder Snapshots (*.pickle)</translation>
    </message>
    <message>
      <source>%1 in %2</source>
      <translation>%1 in %2</translation>
    </message>
    <message>
      <source>%1 is being read.</source>
      <translation>%1 wird gelesen.</translation>
    </message>
    <message>
      <source>%1 is gone</source>
      <translation>%1 ist nicht mehr da</translation>
    </message>
    <message>
      <source>%1 is no program.</source>
      <translation>%1 ist kein Programm.</translation>
    </message>
    <message>
      <source>%1 is not headroom: it does not say so when it is asked for its version.</source>
      <translation>%1 ist nicht headroom: Nach der Fassung gefragt, nennt es sich nicht so.</translation>
    </message>
    <message>
      <source>%1 is not loaded.</source>
      <translation>%1 ist nicht geladen.</translation>
    </message>
    <message>
      <source>%1 kernels, launched %2 times</source>
      <translation>%1 Kernel, %2-mal gestartet</translation>
    </message>
    <message>
      <source>%1 layers, %2 to %3</source>
      <translation>%1 Schichten, %2 bis %3</translation>
    </message>
    <message>
      <source>%1 live after event %2, in %3</source>
      <translation>%1 leben nach Ereignis %2, in %3</translation>
    </message>
    <message>
      <source>%1 live at the peak, in %2</source>
      <translation>%1 leben in der Spitze, in %2</translation>
    </message>
    <message>
      <source>%1 min %2 s</source>
      <translation>%1 min %2 s</translation>
    </message>
    <message>
      <source>%1 more</source>
      <translation>%1 weitere</translation>
    </message>
    <message>
      <source>%1 more are in the report.</source>
      <translation>%1 weitere stehen im Bericht.</translation>
    </message>
    <message>
      <source>%1 ns</source>
      <translation>%1 ns</translation>
    </message>
    <message>
      <source>%1 numbers</source>
      <translation>%1 Zahlen</translation>
    </message>
    <message>
      <source>%1 of %2</source>
      <translation>%1 von %2</translation>
    </message>
    <message>
      <source>%1 of %2 known</source>
      <translation>%1 von %2 bekannt</translation>
    </message>
    <message>
      <source>%1 of step %2</source>
      <translation>%1 von Schritt %2</translation>
    </message>
    <message>
      <source>%1 of them are enough</source>
      <translation>%1 davon reichen</translation>
    </message>
    <message>
      <source>%1 of token %2</source>
      <translation>%1 von Token %2</translation>
    </message>
    <message>
      <source>%1 of what the allocator had reserved were in no block</source>
      <translation>%1 von dem, was der Allokator reserviert hatte, lagen in keinem Block</translation>
    </message>
    <message>
      <source>%1 on the host</source>
      <translation>%1 auf dem Host</translation>
    </message>
    <message>
      <source>%1 or more</source>
      <translation>%1 oder mehr</translation>
    </message>
    <message>
      <source>%1 out of memory</source>
      <translation>%1 Speicher erschöpft</translation>
    </message>
    <message>
      <source>%1 parameters</source>
      <translation>%1 Parameter</translation>
    </message>
    <message>
      <source>%1 parts too small to be seen here</source>
      <translation>%1 Teile, zu klein, um hier gesehen zu werden</translation>
    </message>
    <message>
      <source>%1 peak allocated, virtual</source>
      <translation>%1 Spitze belegt, virtuell</translation>
    </message>
    <message>
      <source>%1 ran on the CPU, whose allocator reserves no segments. A run on a GPU, real or virtual (--device virtual:h100-80gb), shows what pins them.</source>
      <translation>%1 lief auf der CPU, deren Allokator keine Segmente reserviert. Ein Lauf auf einer GPU, wirklich oder virtuell (--device virtual:h100-80gb), zeigt, was sie festhält.</translation>
    </message>
    <message>
      <source>%1 requested</source>
      <translation>%1 angefordert</translation>
    </message>
    <message>
      <source>%1 running</source>
      <translation>%1 laufen</translation>
    </message>
    <message>
      <source>%1 s</source>
      <translation>%1 s</translation>
    </message>
    <message>
      <source>%1 sequences</source>
      <translation>%1 Sequenzen</translation>
    </message>
    <message>
      <source>%1 set</source>
      <translation>%1 gesetzt</translation>
    </message>
    <message>
      <source>%1 smaller</source>
      <translation>%1 kleinere</translation>
    </message>
    <message>
      <source>%1 virtual runs were made to find it</source>
      <translation>%1 virtuelle Läufe wurden gemacht, um es zu finden</translation>
    </message>
    <message>
      <source>%1 waiting</source>
      <translation>%1 warten</translation>
    </message>
    <message>
      <source>%1 · %2 · virtual</source>
      <translation>%1 · %2 · virtuell</translation>
    </message>
    <message>
      <source>%1 · allocated %2</source>
      <translation>%1 · belegt %2</translation>
    </message>
    <message>
      <source>%1 × </source>
      <translation>%1 × </translation>
    </message>
    <message>
      <source>%1 ×%2</source>
      <translation>%1 ×%2</translation>
    </message>
    <message>
      <source>%1 – Headroom</source>
      <translation>%1 – Headroom</translation>
    </message>
    <message>
      <source>%1%2 than before</source>
      <translation>%1%2 als vorher</translation>
    </message>
    <message>
      <source>%1, %2</source>
      <translation>%1, %2</translation>
    </message>
    <message>
      <source>%1, %2 by %3</source>
      <translation>%1, %2 mal %3</translation>
    </message>
    <message>
      <source>%1, %2 since the start</source>
      <translation>%1, %2 seit dem Anfang</translation>
    </message>
    <message>
      <source>%1, %2, %3, %4, alive in %5</source>
      <translation>%1, %2, %3, %4, lebt in %5</translation>
    </message>
    <message>
      <source>%1, %2. At most %3 are allocated, in %4.</source>
      <translation>%1, %2. Höchstens %3 sind belegt, in %4.</translation>
    </message>
    <message>
      <source>%1, +%2 more</source>
      <translation>%1, +%2 weitere</translation>
    </message>
    <message>
      <source>%1, &lt;a href="peak:"&gt;go there&lt;/a&gt;</source>
      <translation>%1, &lt;a href="peak:"&gt;dorthin&lt;/a&gt;</translation>
    </message>
    <message>
      <source>%1, event %2</source>
      <translation>%1, Ereignis %2</translation>
    </message>
    <message>
      <source>%1, of a pool</source>
      <translation>%1, aus einem Pool</translation>
    </message>
    <message>
      <source>%1, which %2 names, is no program. It should be the path of headroom.</source>
      <translation>%1, das %2 nennt, ist kein Programm. Es sollte der Pfad von headroom sein.</translation>
    </message>
    <message>
      <source>%1: %2</source>
      <translation>%1: %2</translation>
    </message>
    <message>
      <source>%1: %2
%3</source>
      <translation>%1: %2
%3</translation>
    </message>
    <message>
      <source>%1: %2 allocated; %3</source>
      <translation>%1: %2 belegt; %3</translation>
    </message>
    <message>
      <source>%1: %2 at the chosen instant</source>
      <translation>%1: %2 zum gewählten Zeitpunkt</translation>
    </message>
    <message>
      <source>%1: %2 at the peak</source>
      <translation>%1: %2 in der Spitze</translation>
    </message>
    <message>
      <source>%1: %2 of %3</source>
      <translation>%1: %2 von %3</translation>
    </message>
    <message>
      <source>%1: %2 tokens of a sequence in the cache, %3
highest within it: %4 at %5</source>
      <translation>%1: %2 Token einer Sequenz im Cache, %3
höchstens darin: %4 bei %5</translation>
    </message>
    <message>
      <source>%1: %2 …</source>
      <translation>%1: %2 …</translation>
    </message>
    <message>
      <source>%1: %2…</source>
      <translation>%1: %2 …</translation>
    </message>
    <message>
      <source>%1: choose another run</source>
      <translation>%1: einen anderen Lauf wählen</translation>
    </message>
    <message>
      <source>%1: from %2 to %3</source>
      <translation>%1: von %2 bis %3</translation>
    </message>
    <message>
      <source>%1: host memory ran out while it was read</source>
      <translation>%1: der Arbeitsspeicher reichte zum Lesen nicht</translation>
    </message>
    <message>
      <source>%1; %2</source>
      <translation>%1; %2</translation>
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
      <source>&amp;After</source>
      <translation>&amp;Nachher</translation>
    </message>
    <message>
      <source>&amp;Back to the zoom before</source>
      <translation>&amp;Zurück zum vorigen Ausschnitt</translation>
    </message>
    <message>
      <source>&amp;Before</source>
      <translation>&amp;Vorher</translation>
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
      <source>&amp;Colour</source>
      <translation>&amp;Farbe</translation>
    </message>
    <message>
      <source>&amp;Colours</source>
      <translation>&amp;Farben</translation>
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
      <source>&amp;Fold identical layers</source>
      <translation>&amp;Gleiche Schichten falten</translation>
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
      <source>&amp;Layout</source>
      <translation>An&amp;ordnung</translation>
    </message>
    <message>
      <source>&amp;Light</source>
      <translation>&amp;Hell</translation>
    </message>
    <message>
      <source>&amp;Next run</source>
      <translation>&amp;Nächster Lauf</translation>
    </message>
    <message>
      <source>&amp;Only what changed</source>
      <translation>&amp;Nur Geändertes</translation>
    </message>
    <message>
      <source>&amp;Open…</source>
      <translation>Ö&amp;ffnen …</translation>
    </message>
    <message>
      <source>&amp;Order</source>
      <translation>&amp;Reihenfolge</translation>
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
      <source>&amp;Run</source>
      <translation>&amp;Lauf</translation>
    </message>
    <message>
      <source>&amp;Runs</source>
      <translation>&amp;Läufe</translation>
    </message>
    <message>
      <source>&amp;Runs and views</source>
      <translation>&amp;Läufe und Ansichten</translation>
    </message>
    <message>
      <source>&amp;Stack by</source>
      <translation>Ge&amp;stapelt nach</translation>
    </message>
    <message>
      <source>&amp;View</source>
      <translation>&amp;Ansicht</translation>
    </message>
    <message>
      <source>(scratch)</source>
      <translation>(Hilfsspeicher)</translation>
    </message>
    <message>
      <source>, %1 free in segments</source>
      <translation>, %1 frei in Segmenten</translation>
    </message>
    <message>
      <source>, virtual
peak allocated %1
peak reserved %2</source>
      <translation>, virtuell
Spitze belegt %1
Spitze reserviert %2</translation>
    </message>
    <message>
      <source>0 is all that is live.</source>
      <translation>0 ist alles, was lebt.</translation>
    </message>
    <message>
      <source>0: before the first step.</source>
      <translation>0: vor dem ersten Schritt.</translation>
    </message>
    <message>
      <source>1 block</source>
      <translation>1 Block</translation>
    </message>
    <message>
      <source>; there already, to be replaced: %1</source>
      <translation>; schon vorhanden, werden ersetzt: %1</translation>
    </message>
    <message>
      <source>&lt;b&gt;%1 events were dropped&lt;/b&gt;, so the numbers are too low.</source>
      <translation>&lt;b&gt;%1 Ereignisse gingen verloren&lt;/b&gt;; die Zahlen sind also zu klein.</translation>
    </message>
    <message>
      <source>&lt;b&gt;%1&lt;/b&gt; a token of one sequence, %2</source>
      <translation>&lt;b&gt;%1&lt;/b&gt; je Token einer Sequenz, %2</translation>
    </message>
    <message>
      <source>&lt;b&gt;%1&lt;/b&gt; at the end, %2 after the prefill, %3 to %4 tokens of %5</source>
      <translation>&lt;b&gt;%1&lt;/b&gt; am Ende, %2 nach dem Prefill, %3 bis %4 Token von %5</translation>
    </message>
    <message>
      <source>&lt;b&gt;It ended with an error:&lt;/b&gt; %1</source>
      <translation>&lt;b&gt;Es endete mit einem Fehler:&lt;/b&gt; %1</translation>
    </message>
    <message>
      <source>&lt;b&gt;Largest then&lt;/b&gt;</source>
      <translation>&lt;b&gt;Das Größte dann&lt;/b&gt;</translation>
    </message>
    <message>
      <source>&lt;b&gt;Out of memory&lt;/b&gt;%1: it asked for &lt;b&gt;%2&lt;/b&gt; where %3 were free. The allocator had %4 live and %5 reserved.</source>
      <translation>&lt;b&gt;Speicher erschöpft&lt;/b&gt;%1: &lt;b&gt;%2&lt;/b&gt; wurden verlangt, %3 waren frei. Der Allokator hatte %4 belegt und %5 reserviert.</translation>
    </message>
    <message>
      <source>&lt;b&gt;Over the run&lt;/b&gt;, with the layers below</source>
      <translation>&lt;b&gt;Im ganzen Lauf&lt;/b&gt;, mit den Schichten darunter</translation>
    </message>
    <message>
      <source>&lt;h2&gt;Headroom&lt;/h2&gt;&lt;p&gt;How much memory a transformer takes, where every byte goes, and which attention mechanism would take less.&lt;/p&gt;</source>
      <translation>&lt;h2&gt;Headroom&lt;/h2&gt;&lt;p&gt;Wie viel Speicher ein Transformer braucht, wohin jedes Byte geht, und welcher Attention-Mechanismus weniger bräuchte.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p style='white-space:pre'&gt;&lt;b&gt;%1&lt;/b&gt;&lt;br&gt;%2&lt;br&gt;%3 of all that is live&lt;br&gt;%4&lt;/p&gt;</source>
      <translation>&lt;p style='white-space:pre'&gt;&lt;b&gt;%1&lt;/b&gt;&lt;br&gt;%2&lt;br&gt;%3 von allem, was lebt&lt;br&gt;%4&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p style='white-space:pre'&gt;&lt;b&gt;free&lt;/b&gt;&lt;br&gt;in the %1&lt;/p&gt;</source>
      <translation>&lt;p style='white-space:pre'&gt;&lt;b&gt;frei&lt;/b&gt;&lt;br&gt;im %1&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;Adding up what was alive…&lt;/p&gt;</source>
      <translation>&lt;p&gt;Was lebte, wird zusammengezählt …&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;Every allocation of the run, from its first to its last, in the order they were made until a header is clicked. The columns are those of the tensors at the peak.&lt;/p&gt;&lt;p&gt;Sort by &lt;b&gt;lifetime&lt;/b&gt; to find what lives longest, by &lt;b&gt;rounding&lt;/b&gt; to find what the allocator wastes, by &lt;b&gt;size&lt;/b&gt; to find what is largest at any time. A block that was &lt;b&gt;never&lt;/b&gt; freed was alive when the run ended.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Jede Belegung des Laufs, von der ersten bis zur letzten, in der Reihenfolge ihres Entstehens, bis auf eine Überschrift geklickt wird. Die Spalten sind die der Tensoren in der Spitze.&lt;/p&gt;&lt;p&gt;Nach &lt;b&gt;Lebensdauer&lt;/b&gt; sortiert steht oben, was am längsten lebt, nach &lt;b&gt;Rundung&lt;/b&gt;, was der Allokator verschenkt, nach &lt;b&gt;Größe&lt;/b&gt;, was zu irgendeiner Zeit am größten ist. Ein Block, der &lt;b&gt;nie&lt;/b&gt; freigegeben wurde, lebte am Ende des Laufs.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;Every block that the run allocated, from the event that allocated it (left) to the event that freed it (right). An event is one allocation or one free, so a busy moment takes more room than a quiet one.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Packed by lifetime&lt;/b&gt; stacks the live blocks in the order in which they were allocated. When one is freed, those above it come down. The top is what is allocated, to the byte. Blocks lower than a pixel are drawn together, in grey where they are of several kinds; where there are more events than pixels, a column shows its fullest event.&lt;/p&gt;&lt;p&gt;&lt;b&gt;By address&lt;/b&gt; shows where each block lies. Bands are the segments that PyTorch's allocator reserved; what is hatched in a band is reserved but free. Addresses that were never reserved are left out; a thin gap says where. On the CPU there are no segments.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Axis&lt;/b&gt;: which event it is, or when it was on the host's clock. Each event takes the same room either way.&lt;/p&gt;&lt;p&gt;The upright line is the chosen instant, or the peak. What is chosen anywhere keeps its colour, the rest and what the filter hides is dimmed. The bar along the top is the lifetime of the chosen block.&lt;/p&gt;&lt;p&gt;Wheel: zoom at the pointer (Ctrl: events only, Shift: bytes only). Drag or arrow keys: move. + and −: zoom. 0 or double-click: all of it. Backspace: back. Click: choose a block. Shift-click, or Ctrl with Left and Right: choose an instant. N and P: next and previous block. Esc: choose nothing.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Jeder Block, den der Lauf belegte, vom Ereignis, das ihn belegte (links), bis zum Ereignis, das ihn freigab (rechts). Ein Ereignis ist eine Belegung oder eine Freigabe; ein bewegter Augenblick nimmt also mehr Platz ein als ein ruhiger.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Nach Lebensdauer gepackt&lt;/b&gt; stapelt die lebenden Blöcke in der Reihenfolge ihrer Belegung. Wird einer frei, rücken die darüber nach. Oben steht aufs Byte, was belegt ist. Blöcke, die niedriger als ein Pixel sind, werden zusammen gezeichnet, verschiedenartige grau; wo mehr Ereignisse als Pixel sind, zeigt eine Spalte ihr vollstes.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Nach Adresse&lt;/b&gt; zeigt, wo jeder Block liegt. Die Bänder sind Segmente, die der Allokator von PyTorch reserviert hat; was darin schraffiert ist, ist reserviert, aber frei. Nie reservierte Adressen sind weggelassen, ein schmaler Spalt zeigt wo. Auf der CPU gibt es keine Segmente.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Achse&lt;/b&gt;: welches Ereignis es ist, oder wann es nach der Uhr des Hosts war. Jedes Ereignis nimmt so oder so gleich viel Platz ein.&lt;/p&gt;&lt;p&gt;Die senkrechte Linie ist der gewählte Zeitpunkt, sonst die Spitze. Was irgendwo gewählt ist, behält seine Farbe, der Rest und das Ausgefilterte ist blass. Der Balken oben ist die Lebensdauer des gewählten Blocks.&lt;/p&gt;&lt;p&gt;Mausrad: am Zeiger vergrößern (Strg: nur Ereignisse, Umschalt: nur Bytes). Ziehen oder Pfeiltasten: verschieben. + und −: vergrößern, verkleinern. 0 oder Doppelklick: alles. Rücktaste: zurück. Klick: einen Block wählen. Umschalt-Klick, oder Strg mit Links und Rechts: einen Zeitpunkt wählen. N und P: nächster und voriger Block. Esc: nichts wählen.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;Every block that was alive at the run's peak, or after the instant that is chosen in the timeline. The sizes add up to what was allocated then, to the byte.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Size&lt;/b&gt; is the allocator's block, &lt;b&gt;requested&lt;/b&gt; what the operator asked for, &lt;b&gt;rounding&lt;/b&gt; the rest. &lt;b&gt;Tensor&lt;/b&gt; is the first tensor that showed the block; scratch never was one. &lt;b&gt;Layer&lt;/b&gt; and &lt;b&gt;operator&lt;/b&gt; are those that ran when it was allocated. &lt;b&gt;Lifetime&lt;/b&gt; counts the allocator's events until it was freed.&lt;/p&gt;&lt;p&gt;Click a header to sort, click it with the right button to choose columns. A chosen row is shown in every view. Ctrl+F finds, F3 finds the next, Ctrl+C copies the rows that are marked.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Jeder Block, der in der Spitze des Laufs lebte oder nach dem Zeitpunkt, der in der Zeitleiste gewählt ist. Die Größen ergeben zusammen aufs Byte, was dann belegt war.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Größe&lt;/b&gt; ist der Block des Allokators, &lt;b&gt;angefordert&lt;/b&gt;, was der Operator verlangte, &lt;b&gt;Rundung&lt;/b&gt; der Rest. &lt;b&gt;Tensor&lt;/b&gt; ist der erste Tensor, der den Block zeigte; Hilfsspeicher war nie einer. &lt;b&gt;Schicht&lt;/b&gt; und &lt;b&gt;Operator&lt;/b&gt; sind die, die bei der Belegung liefen. &lt;b&gt;Lebensdauer&lt;/b&gt; zählt die Ereignisse des Allokators bis zur Freigabe.&lt;/p&gt;&lt;p&gt;Ein Klick auf eine Überschrift sortiert, einer mit der rechten Taste wählt die Spalten. Eine gewählte Zeile wird in jeder Ansicht gezeigt. Strg+F sucht, F3 sucht weiter, Strg+C kopiert die markierten Zeilen.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;Every run that is open as a bar: what was allocated at its peak, by category, all on one scale. The dashed outline is what the allocator had reserved at the most; a dashed line marks the end of the device where a run comes near it.&lt;/p&gt;&lt;p&gt;One run is the &lt;b&gt;baseline&lt;/b&gt;: the ring in front of its name is filled. Click another ring, or press B, and the others are compared against that run. A click on a bar, or Enter, makes its run the one that all views show.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Savings&lt;/b&gt; are percent of the baseline's bytes; a negative one costs more. A run that ran out of memory or failed is shown as far as it came, and saves nothing. &lt;b&gt;Layers&lt;/b&gt; shows the bytes at each run's peak, layers below included; equal layers in a row are one row. &lt;b&gt;Attention, as in the paper&lt;/b&gt; has the memory tables of &lt;i&gt;headroom reproduce mhe&lt;/i&gt;, as far as these recordings say; perplexities need its trainings.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Jeder offene Lauf als Balken: was in seiner Spitze belegt war, nach Kategorien, alle in einem Maßstab. Der gestrichelte Umriss ist, was der Allokator höchstens reserviert hatte; eine gestrichelte Linie zeigt das Ende des Geräts, wo ein Lauf ihm nahe kommt.&lt;/p&gt;&lt;p&gt;Ein Lauf ist die &lt;b&gt;Vergleichsbasis&lt;/b&gt;: der Ring vor seinem Namen ist gefüllt. Ein Klick auf einen anderen Ring, oder B, vergleicht die anderen mit jenem Lauf. Ein Klick auf einen Balken, oder Enter, macht seinen Lauf zu dem, den alle Ansichten zeigen.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Ersparnis&lt;/b&gt; ist in Prozent der Bytes der Basis; eine negative kostet mehr. Ein Lauf, dem der Speicher ausging oder der scheiterte, wird gezeigt, soweit er kam, und erspart nichts. &lt;b&gt;Schichten&lt;/b&gt; zeigt die Bytes in der Spitze jedes Laufs, die Schichten darunter eingeschlossen; gleiche Schichten hintereinander sind eine Zeile. &lt;b&gt;Attention, wie im Paper&lt;/b&gt; hat die Speichertabellen von &lt;i&gt;headroom reproduce mhe&lt;/i&gt;, soweit diese Aufzeichnungen sie hergeben; die Perplexitäten brauchen dessen Trainings.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;How much memory the run held, event by event: every allocation and every free is one step. Along &lt;b&gt;time&lt;/b&gt; it is the host's clock; a virtual device itself takes no time.&lt;/p&gt;&lt;p&gt;The &lt;b&gt;stack&lt;/b&gt; adds up to what was allocated, to the byte. Each column of pixels shows its highest instant, so no peak is lost however far out you zoom; what came and went within one column is drawn paler. The &lt;b&gt;line&lt;/b&gt; above is what the allocator had reserved of the device.&lt;/p&gt;&lt;p&gt;Zoom with the wheel or &lt;b&gt;+&lt;/b&gt; and &lt;b&gt;−&lt;/b&gt;, move by dragging or with the arrow keys, zoom to a part with Shift and drag or with the right button. A double click or &lt;b&gt;0&lt;/b&gt; shows all, &lt;b&gt;Backspace&lt;/b&gt; goes back, &lt;b&gt;P&lt;/b&gt; goes to the peak. Shift and the arrow keys step from event to event; &lt;b&gt;Return&lt;/b&gt; or a click chooses the instant, and the tensor that was allocated or freed there.&lt;/p&gt;&lt;p&gt;A chosen layer is drawn over the stack, a chosen tensor's lifetime behind a bar. Categories that the filter leaves out are pale.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Wie viel Speicher der Lauf hielt, Ereignis für Ereignis: jede Belegung und jede Freigabe ist eine Stufe. Entlang der &lt;b&gt;Zeit&lt;/b&gt; ist es die Uhr des Hosts; ein virtuelles Gerät selbst braucht keine Zeit.&lt;/p&gt;&lt;p&gt;Der &lt;b&gt;Stapel&lt;/b&gt; ergibt aufs Byte, was belegt war. Jede Spalte von Pixeln zeigt ihren höchsten Augenblick; so geht keine Spitze verloren, wie klein auch alles ist. Was innerhalb einer Spalte kam und ging, ist blasser. Die &lt;b&gt;Linie&lt;/b&gt; darüber ist, was der Allokator vom Gerät reserviert hatte.&lt;/p&gt;&lt;p&gt;Mit dem Mausrad oder &lt;b&gt;+&lt;/b&gt; und &lt;b&gt;−&lt;/b&gt; vergrößern und verkleinern, durch Ziehen oder mit den Pfeiltasten verschieben, mit Umschalt und Ziehen oder mit der rechten Taste einen Teil vergrößern. Ein Doppelklick oder &lt;b&gt;0&lt;/b&gt; zeigt alles, &lt;b&gt;Rücktaste&lt;/b&gt; geht zurück, &lt;b&gt;P&lt;/b&gt; geht zur Spitze. Umschalt und Pfeiltasten gehen von Ereignis zu Ereignis; &lt;b&gt;Eingabe&lt;/b&gt; oder ein Klick wählt den Zeitpunkt und den Tensor, der dort belegt oder freigegeben wurde.&lt;/p&gt;&lt;p&gt;Eine gewählte Schicht ist über den Stapel gezeichnet, die Lebensdauer eines gewählten Tensors als Balken dahinter. Kategorien, die der Filter weglässt, sind blass.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;No run is open.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Kein Lauf ist offen.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;Nothing is chosen: click a tensor, a layer, a category or an instant in any view to see it here.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Nichts ist gewählt: Ein Klick auf einen Tensor, eine Schicht, eine Kategorie oder einen Zeitpunkt in irgendeiner Ansicht zeigt ihn hier.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;PyTorch's allocator takes memory of the driver in segments and hands out blocks of them. A segment goes back only when nothing in it is live, so a small block can hold a large segment. Shown is the instant at which most was reserved.&lt;/p&gt;&lt;p&gt;The bar above tells what is reserved apart, to the byte: requested by live blocks, their rounding, what other streams still use, what is free in empty segments (torch.cuda.empty_cache() would give it back), and what is free in segments that some block pins.&lt;/p&gt;&lt;p&gt;The list has the segments, those first that the fewest live bytes pin. Each picture shows its blocks by address and to scale; what is grey is free. Click a block, or press the left and right keys, to choose it in every view; Enter chooses the smallest.&lt;/p&gt;&lt;p&gt;Below is what the same requests would have reserved with other settings, where “headroom fragmentation” was asked and kept its answers in the recording.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Der Allokator von PyTorch nimmt Speicher vom Treiber in Segmenten und gibt Blöcke davon aus. Ein Segment geht erst zurück, wenn nichts mehr darin lebt; ein kleiner Block kann also ein großes Segment festhalten. Gezeigt ist der Zeitpunkt, zu dem am meisten reserviert war.&lt;/p&gt;&lt;p&gt;Der Balken oben teilt das Reservierte auf, aufs Byte: von lebenden Blöcken angefordert, deren Rundung, was andere Streams noch benutzen, was in leeren Segmenten frei ist (torch.cuda.empty_cache() gäbe es zurück), und was in Segmenten frei ist, die ein Block festhält.&lt;/p&gt;&lt;p&gt;Die Liste hat die Segmente, zuerst die, die von den wenigsten lebenden Bytes festgehalten werden. Jedes Bild zeigt die Blöcke nach Adresse und im Maßstab; was grau ist, ist frei. Ein Klick auf einen Block, oder die Tasten Links und Rechts, wählt ihn in jeder Ansicht; Enter wählt den kleinsten.&lt;/p&gt;&lt;p&gt;Darunter steht, was dieselben Anforderungen mit anderen Einstellungen reserviert hätten, wenn „headroom fragmentation“ danach gefragt wurde und die Antworten in der Aufzeichnung liegen.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;The run is still being read.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Der Lauf wird noch gelesen.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;This run allocated nothing.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Dieser Lauf hat nichts belegt.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;This run could not be read.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Dieser Lauf konnte nicht gelesen werden.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;Two runs, before and after: of everything that was allocated at their peaks, what differs. Unless others are chosen they are the baseline and the current run, or the next one where both are the same.&lt;/p&gt;&lt;p&gt;The &lt;b&gt;tree&lt;/b&gt; has the layers of both, found by their path. A bar to the right is what a layer grew by, one to the left what it shrank by, and the sign stands in the number; behind it is the same for each category that changed. The root is the whole peak, so the tree leaves nothing out. Without &lt;i&gt;layers below&lt;/i&gt; a row is of the layer alone.&lt;/p&gt;&lt;p&gt;The &lt;b&gt;tensors&lt;/b&gt; below it came, went or changed: blocks of the same layer, operator and category stand for each other in the order in which they were allocated. Their changes sum to that of the peak.&lt;/p&gt;&lt;p&gt;Whatever else differs, in what was asked for or where it ran, is said on top: a change of the batch or of PyTorch explains more than one of the model.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Zwei Läufe, vorher und nachher: was sich unterscheidet von allem, was in ihren Spitzen belegt war. Wenn nichts anderes gewählt ist, sind es die Vergleichsbasis und der aktuelle Lauf, oder der nächste, wo beide derselbe sind.&lt;/p&gt;&lt;p&gt;Der &lt;b&gt;Baum&lt;/b&gt; hat die Schichten beider, gefunden nach ihrem Pfad. Ein Balken nach rechts ist, um was eine Schicht wuchs, einer nach links, um was sie schrumpfte; das Vorzeichen steht in der Zahl. Dahinter steht dasselbe für jede Kategorie, die sich geändert hat. Die Wurzel ist die ganze Spitze, der Baum lässt also nichts aus. Ohne &lt;i&gt;Schichten darunter&lt;/i&gt; ist eine Zeile die Schicht allein.&lt;/p&gt;&lt;p&gt;Die &lt;b&gt;Tensoren&lt;/b&gt; darunter kamen, gingen oder änderten sich: Blöcke derselben Schicht, desselben Operators und derselben Kategorie stehen füreinander, in der Reihenfolge ihrer Belegung. Ihre Änderungen ergeben zusammen die der Spitze.&lt;/p&gt;&lt;p&gt;Was sonst anders ist, am Verlangten oder daran, wo es lief, steht oben: Ein anderer Batch oder ein anderes PyTorch erklärt mehr als eine Änderung des Modells.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;What is live at the peak, or at the instant that is chosen, as areas: twice the area is twice the bytes among the parts of one rectangle. Parts too small to be seen are one paler area that says how many they are; nothing is left out.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Order&lt;/b&gt;: category first shows what memory is for, then where it is; layer first shows which part of the model holds it. &lt;b&gt;Fold identical layers&lt;/b&gt; makes one area of blocks of the model that are alike.&lt;/p&gt;&lt;p&gt;Click: choose a tensor, layer or category, here and in every other view. Double-click or Enter: go into it. Backspace, Esc or the path above: out of it. Arrow keys: the next part beside it.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Was in der Spitze oder zum gewählten Zeitpunkt lebt, als Flächen: doppelte Fläche sind doppelt so viele Bytes unter den Teilen eines Rechtecks. Teile, die zu klein sind, sind eine blassere Fläche, die sagt, wie viele es sind; nichts ist weggelassen.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Reihenfolge&lt;/b&gt;: Kategorie zuerst zeigt, wofür der Speicher ist, dann wo; Schicht zuerst zeigt, welcher Teil des Modells ihn hält. &lt;b&gt;Gleiche Schichten falten&lt;/b&gt; macht aus gleichartigen Blöcken des Modells eine Fläche.&lt;/p&gt;&lt;p&gt;Klick: einen Tensor, eine Schicht oder Kategorie wählen, hier und in jeder anderen Ansicht. Doppelklick oder Enter: hinein. Rücktaste, Esc oder der Pfad darüber: heraus. Pfeiltasten: zum nächsten Teil daneben.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;What the driver saw, through NVIDIA's CUPTI or the virtual GPU's own account of the same. &lt;b&gt;Kernels&lt;/b&gt;: how often each was launched and, on a real device, how long it ran; grid and block are those of its most frequent launch. Over a virtual GPU nothing is executed, so there are no times.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Layers and phases&lt;/b&gt;: the kernels, copies and sets that each layer caused. &lt;b&gt;Driver memory&lt;/b&gt;: who asked the driver for memory, PyTorch's allocator among them.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Was der Treiber sah, durch NVIDIAs CUPTI oder nach der eigenen Buchführung der virtuellen GPU. &lt;b&gt;Kernel&lt;/b&gt;: wie oft jeder gestartet wurde und, auf einem wirklichen Gerät, wie lange er lief; Grid und Block sind die seines häufigsten Starts. Auf einer virtuellen GPU wird nichts ausgeführt, also gibt es keine Zeiten.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Schichten und Phasen&lt;/b&gt;: die Kernel, Kopien und Füllungen, die jede Schicht auslöste. &lt;b&gt;Speicher vom Treiber&lt;/b&gt;: wer den Treiber um Speicher bat, der Allokator von PyTorch darunter.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;What the run kept of the tokens before, so that attention need not compute it again. The left chart shows the &lt;b&gt;cache&lt;/b&gt; at the end of each step, the right one the most that was in use on the device &lt;b&gt;within&lt;/b&gt; it; the first step is the prefill. Click a step to see its instant in the other views.&lt;/p&gt;&lt;p&gt;Bytes of the cache are those requested, before the allocator's rounding; &lt;b&gt;blocks&lt;/b&gt; holds the rounding, too. &lt;b&gt;Per token&lt;/b&gt; is what one more token of one sequence costs, as recorded, or by the mechanism's closed form where the run did not show it.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Was der Lauf von den Token davor behielt, damit Attention es nicht neu rechnen muss. Das linke Diagramm zeigt den &lt;b&gt;Cache&lt;/b&gt; am Ende jedes Schritts, das rechte, was &lt;b&gt;in&lt;/b&gt; ihm auf dem Gerät höchstens benutzt war; der erste Schritt ist der Prefill. Ein Klick auf einen Schritt zeigt seinen Zeitpunkt in den anderen Ansichten.&lt;/p&gt;&lt;p&gt;Bytes des Caches sind angeforderte, vor der Rundung des Allokators; &lt;b&gt;Blöcke&lt;/b&gt; enthält auch die Rundung. &lt;b&gt;Je Token&lt;/b&gt; ist, was ein weiteres Token einer Sequenz kostet: wie aufgezeichnet, oder nach der geschlossenen Formel des Verfahrens, wo der Lauf es nicht zeigte.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;What the run took. &lt;b&gt;Peak allocated&lt;/b&gt; is the most that was in blocks of the allocator at once, &lt;b&gt;peak reserved&lt;/b&gt; the most that the allocator had from the device. The bar shows &lt;b&gt;what&lt;/b&gt; was alive at the peak, by category; click a part to choose it in every view.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Kept for backward&lt;/b&gt; is what operators requested for activations of the last step. &lt;b&gt;Closed forms&lt;/b&gt; are formulas that say beforehand what a layer takes; what was recorded is compared with them, to the byte.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Requested&lt;/b&gt; is what operators asked for, before the allocator rounded it to blocks; &lt;b&gt;blocks alive&lt;/b&gt; is how many there were. &lt;b&gt;Peaks of the steps&lt;/b&gt;: the most of each step; the last one shows what training costs once the optimizer has its state. &lt;b&gt;The allocator's own account&lt;/b&gt; is what PyTorch's allocator counted by itself: where its peak equals the sum of the recorded blocks, nothing was missed. &lt;b&gt;What the numbers rest on&lt;/b&gt; is what this run could not know.&lt;/p&gt;&lt;p&gt;&lt;b&gt;virtual&lt;/b&gt;: no GPU ran this; PyTorch's own CUDA code and allocator ran over a virtual device. &lt;b&gt;measured&lt;/b&gt;: it really ran on the device.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Was der Lauf brauchte. &lt;b&gt;Spitze belegt&lt;/b&gt; ist das Meiste, was zugleich in Blöcken des Allokators lag, &lt;b&gt;Spitze reserviert&lt;/b&gt; das Meiste, was der Allokator vom Gerät hatte. Der Balken zeigt, &lt;b&gt;was&lt;/b&gt; in der Spitze lebte, nach Kategorien; ein Klick auf einen Teil wählt ihn in jeder Ansicht.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Für backward gehalten&lt;/b&gt; ist, was Operatoren für Aktivierungen des letzten Schritts anforderten. &lt;b&gt;Geschlossene Formeln&lt;/b&gt; sagen vorher, was eine Schicht braucht; das Aufgezeichnete wird damit verglichen, aufs Byte.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Angefordert&lt;/b&gt; ist, was Operatoren verlangten, bevor der Allokator es auf Blöcke rundete; &lt;b&gt;lebende Blöcke&lt;/b&gt; sagt, wie viele es waren. &lt;b&gt;Spitzen der Schritte&lt;/b&gt;: das Meiste jedes Schritts; der letzte zeigt, was Training kostet, sobald der Optimizer seinen Zustand hat. &lt;b&gt;Die eigene Rechnung des Allokators&lt;/b&gt; ist, was PyTorchs Allokator selbst zählte: Wo seine Spitze gleich der Summe der aufgezeichneten Blöcke ist, fehlt nichts. &lt;b&gt;Worauf die Zahlen beruhen&lt;/b&gt; ist, was dieser Lauf nicht wissen konnte.&lt;/p&gt;&lt;p&gt;&lt;b&gt;virtuell&lt;/b&gt;: Keine GPU hat dies ausgeführt; der eigene CUDA-Code und der Allokator von PyTorch liefen über einem virtuellen Gerät. &lt;b&gt;gemessen&lt;/b&gt;: Es lief wirklich auf dem Gerät.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;Which batch and sequence length of a run fit on a GPU. &lt;b&gt;Every cell is a run that was made&lt;/b&gt;: the real allocator of PyTorch over a virtual GPU of that size. Nothing is computed by a formula. What was run once is remembered, until another version of headroom is installed.&lt;/p&gt;&lt;p&gt;&lt;b&gt;✓ and a size&lt;/b&gt;: it fits, and this is the most that was allocated at once. The colour is deeper the more of the GPU the allocator reserved. &lt;b&gt;✕&lt;/b&gt;: the run was out of memory. &lt;b&gt;Hatched&lt;/b&gt;: it was not run, because one with no larger batch and no longer sequence was out of memory. &lt;b&gt;Dotted&lt;/b&gt;: not run. The line runs between what fits and what does not.&lt;/p&gt;&lt;p&gt;The border is looked for first. Click a cell, or move with the arrow keys, to see its exact figures; a double click, Enter or &lt;b&gt;Open this run&lt;/b&gt; makes the run again with all its events and opens it. The sliders and fields below take any size between the cells.&lt;/p&gt;&lt;p&gt;On the right is, for every GPU of the catalogue, the &lt;b&gt;largest batch&lt;/b&gt; at the chosen sequence length: one sequence more was run as well, and was out of memory. A click on a GPU shows its map, and so do page up and page down in the map; Enter finds its largest batch.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Welcher Batch und welche Sequenzlänge eines Laufs auf eine GPU passen. &lt;b&gt;Jedes Feld ist ein Lauf, der gemacht wurde&lt;/b&gt;: der wirkliche Allokator von PyTorch über einer virtuellen GPU dieser Größe. Nichts ist nach einer Formel berechnet. Was einmal lief, wird gemerkt, bis eine andere Fassung von headroom installiert wird.&lt;/p&gt;&lt;p&gt;&lt;b&gt;✓ und eine Größe&lt;/b&gt;: Es passt, und das war höchstens zugleich belegt. Die Farbe ist umso kräftiger, je mehr von der GPU der Allokator reserviert hat. &lt;b&gt;✕&lt;/b&gt;: Dem Lauf ging der Speicher aus. &lt;b&gt;Schraffiert&lt;/b&gt;: nicht ausgeführt, weil schon einer mit nicht größerem Batch und nicht längerer Sequenz zu groß war. &lt;b&gt;Gepunktet&lt;/b&gt;: nicht ausgeführt. Die Linie verläuft zwischen dem, was passt, und dem, was nicht passt.&lt;/p&gt;&lt;p&gt;Die Grenze wird zuerst gesucht. Ein Klick auf ein Feld, oder die Pfeiltasten, zeigen seine genauen Zahlen; ein Doppelklick, Enter oder &lt;b&gt;Diesen Lauf öffnen&lt;/b&gt; macht den Lauf mit allen Ereignissen noch einmal und öffnet ihn. Die Regler und Felder darunter nehmen jede Größe zwischen den Feldern.&lt;/p&gt;&lt;p&gt;Rechts steht für jede GPU des Katalogs der &lt;b&gt;größte Batch&lt;/b&gt; bei der gewählten Sequenzlänge: Eine Sequenz mehr wurde auch ausgeführt und war zu groß. Ein Klick auf eine GPU zeigt ihre Karte, ebenso Bild auf und Bild ab in der Karte; Enter sucht ihren größten Batch.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;Which layer held how much, by category. &lt;b&gt;At the peak&lt;/b&gt; (or after the instant chosen in the timeline) every block that was alive is in one cell, so the &lt;b&gt;sum&lt;/b&gt; is what was allocated then, to the byte. The stronger the colour, the larger the share.&lt;/p&gt;&lt;p&gt;&lt;b&gt;With layers below&lt;/b&gt; a row holds everything below it; without, its own bytes alone. &lt;b&gt;Fold equal blocks&lt;/b&gt; shows blocks that are built alike as one row: ×12 stands for twelve of them, and a click on it (or Ctrl+Right) shows each; &lt;i&gt;fold again&lt;/i&gt; (Ctrl+Left) puts them together. &lt;b&gt;Rows&lt;/b&gt; opens and closes all.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Over the run&lt;/b&gt; shows what each layer took whenever that was: its parameters, gradients and optimizer state, what its forward &lt;b&gt;kept for backward&lt;/b&gt; in the last step, the most of its &lt;b&gt;temporaries&lt;/b&gt; at once, and the most that was in use on the whole &lt;b&gt;device&lt;/b&gt; while it ran.&lt;/p&gt;&lt;p&gt;Workspace stands at the layer that first needed it; all later layers use it, too.&lt;/p&gt;</source>
      <translation>&lt;p&gt;Welche Schicht wie viel hielt, nach Kategorien. &lt;b&gt;In der Spitze&lt;/b&gt; (oder nach dem Zeitpunkt, der in der Zeitleiste gewählt ist) liegt jeder Block, der lebte, in genau einem Feld; die &lt;b&gt;Summe&lt;/b&gt; ist also aufs Byte, was dann belegt war. Je kräftiger die Farbe, desto größer der Anteil.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Mit Schichten darunter&lt;/b&gt; enthält eine Zeile alles unter ihr; ohne nur die eigenen Bytes. &lt;b&gt;Gleiche Blöcke falten&lt;/b&gt; zeigt gleich gebaute Blöcke als eine Zeile: ×12 steht für zwölf, und ein Klick darauf (oder Strg+Rechts) zeigt jeden; &lt;i&gt;wieder falten&lt;/i&gt; (Strg+Links) legt sie zusammen. &lt;b&gt;Zeilen&lt;/b&gt; klappt alle auf und zu.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Im ganzen Lauf&lt;/b&gt; zeigt, was jede Schicht brauchte, wann immer das war: ihre Parameter, Gradienten und den Zustand des Optimizers, was ihr Vorwärtslauf im letzten Schritt &lt;b&gt;für backward hielt&lt;/b&gt;, das Meiste an &lt;b&gt;Temporärem&lt;/b&gt; zugleich, und was auf dem ganzen &lt;b&gt;Gerät&lt;/b&gt; höchstens benutzt war, während sie lief.&lt;/p&gt;&lt;p&gt;Workspaces stehen bei der Schicht, die sie zuerst brauchte; alle späteren benutzen sie mit.&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&lt;p&gt;one of %1 smaller blocks drawn as one here&lt;/p&gt;</source>
      <translation>&lt;p&gt;einer von %1 kleineren Blöcken, hier als einer gezeichnet&lt;/p&gt;</translation>
    </message>
    <message>
      <source>&gt; %1</source>
      <translation>&gt; %1</translation>
    </message>
    <message>
      <source>A Hugging Face config.json</source>
      <translation>Eine config.json von Hugging Face</translation>
    </message>
    <message>
      <source>A new run with the current one's settings</source>
      <translation>Ein neuer Lauf mit den Einstellungen des aktuellen</translation>
    </message>
    <message>
      <source>A run that is out of memory is a result: it opens like any other.</source>
      <translation>Ein Lauf, dem der Speicher ausgeht, ist ein Ergebnis: Er öffnet sich wie jeder andere.</translation>
    </message>
    <message>
      <source>A virtual GPU needs none: its memory is address space</source>
      <translation>Eine virtuelle GPU braucht keine: Ihr Speicher besteht aus Adressen</translation>
    </message>
    <message>
      <source>A virtual GPU of the catalogue.</source>
      <translation>Eine virtuelle GPU des Katalogs.</translation>
    </message>
    <message>
      <source>A&amp;long</source>
      <translation>Ent&amp;lang</translation>
    </message>
    <message>
      <source>A&amp;xis</source>
      <translation>A&amp;chse</translation>
    </message>
    <message>
      <source>About Headroom</source>
      <translation>Über Headroom</translation>
    </message>
    <message>
      <source>Activations</source>
      <translation>Aktivierungen</translation>
    </message>
    <message>
      <source>Activations of its forward that were alive when backward began, in the last step.</source>
      <translation>Aktivierungen ihres Vorwärtslaufs, die lebten, als backward begann, im letzten Schritt.</translation>
    </message>
    <message>
      <source>Adding up…</source>
      <translation>Wird zusammengezählt …</translation>
    </message>
    <message>
      <source>Address</source>
      <translation>Adresse</translation>
    </message>
    <message>
      <source>Addresses</source>
      <translation>Adressen</translation>
    </message>
    <message>
      <source>After</source>
      <translation>Nachher</translation>
    </message>
    <message>
      <source>After event %1</source>
      <translation>Nach Ereignis %1</translation>
    </message>
    <message>
      <source>After less before.</source>
      <translation>Nachher weniger vorher.</translation>
    </message>
    <message>
      <source>After the prefill</source>
      <translation>Nach dem Prefill</translation>
    </message>
    <message>
      <source>Against the first one that is checked.</source>
      <translation>Gegenüber dem ersten angekreuzten.</translation>
    </message>
    <message>
      <source>Against what was recorded; negative: it would have cost.</source>
      <translation>Gegenüber dem Aufgezeichneten; negativ: Es hätte mehr gekostet.</translation>
    </message>
    <message>
      <source>All</source>
      <translation>Alle</translation>
    </message>
    <message>
      <source>All bytes in use on the device while it or a layer below it ran backward, at most.</source>
      <translation>Alle Bytes, die auf dem Gerät höchstens benutzt waren, während backward von ihr oder einer Schicht darunter lief.</translation>
    </message>
    <message>
      <source>All bytes in use on the device while it or a layer below it ran forward, at most.</source>
      <translation>Alle Bytes, die auf dem Gerät höchstens benutzt waren, während forward von ihr oder einer Schicht darunter lief.</translation>
    </message>
    <message>
      <source>All that are open: %1</source>
      <translation>Alle offenen: %1</translation>
    </message>
    <message>
      <source>All that no longer run</source>
      <translation>Alle, die nicht mehr laufen</translation>
    </message>
    <message>
      <source>Allocated</source>
      <translation>Belegt</translation>
    </message>
    <message>
      <source>Allocated and freed while the model was built.</source>
      <translation>Belegt und freigegeben, während das Modell gebaut wurde.</translation>
    </message>
    <message>
      <source>Allocated and freed within one step, and not kept for the backward pass.</source>
      <translation>Innerhalb eines Schritts belegt und freigegeben und nicht für backward gehalten.</translation>
    </message>
    <message>
      <source>Allocated and freed within one step.</source>
      <translation>Innerhalb eines Schritts belegt und freigegeben.</translation>
    </message>
    <message>
      <source>Allocated and freed within one step; nothing is kept for a backward pass.</source>
      <translation>Innerhalb eines Schritts belegt und freigegeben; nichts wird für backward gehalten.</translation>
    </message>
    <message>
      <source>Allocated at the peak of a forward pass without gradients.</source>
      <translation>Belegt in der Spitze eines Vorwärtslaufs ohne Gradienten.</translation>
    </message>
    <message>
      <source>Allocated at the peak of a run that trains.</source>
      <translation>Belegt in der Spitze eines Laufs, der trainiert.</translation>
    </message>
    <message>
      <source>Allocated in</source>
      <translation>Belegt in</translation>
    </message>
    <message>
      <source>Allocated in the forward pass and alive when the backward pass went on, so it was kept for it.</source>
      <translation>Im Vorwärtslauf belegt und noch am Leben, als backward begann; es wurde also dafür gehalten.</translation>
    </message>
    <message>
      <source>Allocations</source>
      <translation>Belegungen</translation>
    </message>
    <message>
      <source>Another method for other weights, or adapters beside packed ones</source>
      <translation>Ein weiteres Verfahren für andere Gewichte, oder Adapter neben gepackten</translation>
    </message>
    <message>
      <source>As</source>
      <translation>Als</translation>
    </message>
    <message>
      <source>As far as this run shows it.</source>
      <translation>Soweit dieser Lauf es zeigt.</translation>
    </message>
    <message>
      <source>As the &amp;system</source>
      <translation>Wie das &amp;System</translation>
    </message>
    <message>
      <source>As the command line takes it</source>
      <translation>Wie die Befehlszeile es nimmt</translation>
    </message>
    <message>
      <source>As the driver reports it.</source>
      <translation>Wie der Treiber es meldet.</translation>
    </message>
    <message>
      <source>Asked for</source>
      <translation>Verlangt</translation>
    </message>
    <message>
      <source>Asked of the driver</source>
      <translation>Vom Treiber verlangt</translation>
    </message>
    <message>
      <source>Asks it for its version, and for a tiny run</source>
      <translation>Fragt es nach seiner Fassung und nach einem winzigen Lauf</translation>
    </message>
    <message>
      <source>At its peak, in %1, %2 are reserved in %3 segments. %4 of them hold live blocks beside free memory, which pins %5. All numbers are %6.</source>
      <translation>In seiner Spitze, in %1, sind %2 in %3 Segmenten reserviert. %4 davon enthalten lebende Blöcke neben freiem Speicher; das hält %5 fest. Alle Zahlen sind %6.</translation>
    </message>
    <message>
      <source>At least &lt;b&gt;%1&lt;/b&gt; more would have had to be free.</source>
      <translation>Mindestens &lt;b&gt;%1&lt;/b&gt; mehr hätten frei sein müssen.</translation>
    </message>
    <message>
      <source>At once, or when it is waited for</source>
      <translation>Sofort, oder wenn darauf gewartet wird</translation>
    </message>
    <message>
      <source>At the end</source>
      <translation>Am Ende</translation>
    </message>
    <message>
      <source>At the peak</source>
      <translation>In der Spitze</translation>
    </message>
    <message>
      <source>At their own peak.</source>
      <translation>In ihrer eigenen Spitze.</translation>
    </message>
    <message>
      <source>Attention</source>
      <translation>Attention</translation>
    </message>
    <message>
      <source>Attention kernels</source>
      <translation>Attention-Kernel</translation>
    </message>
    <message>
      <source>Attention mechanisms</source>
      <translation>Attention-Verfahren</translation>
    </message>
    <message>
      <source>Attention, as in the paper</source>
      <translation>Attention, wie im Paper</translation>
    </message>
    <message>
      <source>Attention: at work</source>
      <translation>Attention: bei der Arbeit</translation>
    </message>
    <message>
      <source>Attention: kept</source>
      <translation>Attention: gehalten</translation>
    </message>
    <message>
      <source>BERT and its kin</source>
      <translation>BERT und Verwandte</translation>
    </message>
    <message>
      <source>Batch</source>
      <translation>Batch</translation>
    </message>
    <message>
      <source>Beams</source>
      <translation>Beams</translation>
    </message>
    <message>
      <source>Before</source>
      <translation>Vorher</translation>
    </message>
    <message>
      <source>Before and after, where they differ.</source>
      <translation>Vorher und nachher, wo sie sich unterscheiden.</translation>
    </message>
    <message>
      <source>Before becomes after, and after before</source>
      <translation>Vorher wird nachher, und nachher vorher</translation>
    </message>
    <message>
      <source>Before the first event</source>
      <translation>Vor dem ersten Ereignis</translation>
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
      <source>Between host and device, and within the device.</source>
      <translation>Zwischen Host und Gerät und innerhalb des Geräts.</translation>
    </message>
    <message>
      <source>Block</source>
      <translation>Block</translation>
    </message>
    <message>
      <source>Blocks</source>
      <translation>Blöcke</translation>
    </message>
    <message>
      <source>Blocks alive %1: %2 in all.</source>
      <translation>Lebende Blöcke %1: %2 im Ganzen.</translation>
    </message>
    <message>
      <source>Blocks alive %1: the filter shows %2 of %3.</source>
      <translation>Lebende Blöcke %1: Der Filter zeigt %2 von %3.</translation>
    </message>
    <message>
      <source>Blocks in use; the categories add up to it.</source>
      <translation>Benutzte Blöcke; die Kategorien ergeben sie zusammen.</translation>
    </message>
    <message>
      <source>Blocks of its gradients, the most at once in the last step.</source>
      <translation>Blöcke ihrer Gradienten, höchstens zugleich im letzten Schritt.</translation>
    </message>
    <message>
      <source>Blocks of its most frequent launch.</source>
      <translation>Blöcke seines häufigsten Starts.</translation>
    </message>
    <message>
      <source>Blocks of its parameters.</source>
      <translation>Blöcke ihrer Parameter.</translation>
    </message>
    <message>
      <source>Blocks of the model that are alike are one: encoder.layer.0–11.</source>
      <translation>Gleichartige Blöcke des Modells sind eins: encoder.layer.0–11.</translation>
    </message>
    <message>
      <source>Blocks that are built alike are one row, and its numbers are those of all of them. A click on its ×12 shows each of them.</source>
      <translation>Gleich gebaute Blöcke sind eine Zeile, deren Zahlen die aller sind. Ein Klick auf ×12 zeigt jeden.</translation>
    </message>
    <message>
      <source>Blocks that are live, or that another stream still uses. Fewest first.</source>
      <translation>Blöcke, die leben oder die ein anderer Stream noch benutzt. Die wenigsten zuerst.</translation>
    </message>
    <message>
      <source>Both sides are the same run: choose another before or after.</source>
      <translation>Beide Seiten sind derselbe Lauf: vorher oder nachher einen anderen wählen.</translation>
    </message>
    <message>
      <source>Browse…</source>
      <translation>Durchsuchen …</translation>
    </message>
    <message>
      <source>By address</source>
      <translation>Nach Adresse</translation>
    </message>
    <message>
      <source>By address, each segment to its own scale. What is grey is free.</source>
      <translation>Nach Adresse, jedes Segment in eigenem Maßstab. Was grau ist, ist frei.</translation>
    </message>
    <message>
      <source>Bytes allocated at the peak.</source>
      <translation>In der Spitze belegte Bytes.</translation>
    </message>
    <message>
      <source>Bytes at each run's peak by layer, and the difference to the baseline.</source>
      <translation>Bytes in der Spitze jedes Laufs je Schicht, und der Unterschied zur Basis.</translation>
    </message>
    <message>
      <source>Bytes at the peak of the baseline, with the layers below.</source>
      <translation>Bytes in der Spitze der Basis, mit den Schichten darunter.</translation>
    </message>
    <message>
      <source>Bytes at the peak of the first run.</source>
      <translation>Bytes in der Spitze des ersten Laufs.</translation>
    </message>
    <message>
      <source>Bytes at the peak of the second run.</source>
      <translation>Bytes in der Spitze des zweiten Laufs.</translation>
    </message>
    <message>
      <source>Bytes at the peak of this run, with the layers below, and the difference to the baseline.</source>
      <translation>Bytes in der Spitze dieses Laufs, mit den Schichten darunter, und der Unterschied zur Basis.</translation>
    </message>
    <message>
      <source>Bytes of all categories.</source>
      <translation>Bytes aller Kategorien.</translation>
    </message>
    <message>
      <source>Bytes of all parameters.</source>
      <translation>Bytes aller Parameter.</translation>
    </message>
    <message>
      <source>Bytes of its block after less those before.</source>
      <translation>Bytes des Blocks weniger die vorher.</translation>
    </message>
    <message>
      <source>Bytes of the allocator's block, rounding included.</source>
      <translation>Bytes des Blocks im Allokator, mit Rundung.</translation>
    </message>
    <message>
      <source>Bytes that were asked for.</source>
      <translation>Bytes, die verlangt wurden.</translation>
    </message>
    <message>
      <source>CSV table</source>
      <translation>CSV-Tabelle</translation>
    </message>
    <message>
      <source>CUDA</source>
      <translation>CUDA</translation>
    </message>
    <message>
      <source>CUPTI records</source>
      <translation>CUPTI zeichnet auf</translation>
    </message>
    <message>
      <source>Cache a token</source>
      <translation>Cache je Token</translation>
    </message>
    <message>
      <source>Caller</source>
      <translation>Aufrufer</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Abbrechen</translation>
    </message>
    <message>
      <source>Cancel all runs</source>
      <translation>Alle Läufe abbrechen</translation>
    </message>
    <message>
      <source>Categories at the peak</source>
      <translation>Kategorien in der Spitze</translation>
    </message>
    <message>
      <source>Category</source>
      <translation>Kategorie</translation>
    </message>
    <message>
      <source>Category, layer or tensor.</source>
      <translation>Kategorie, Schicht oder Tensor.</translation>
    </message>
    <message>
      <source>Category, layer, tensor</source>
      <translation>Kategorie, Schicht, Tensor</translation>
    </message>
    <message>
      <source>Change</source>
      <translation>Änderung</translation>
    </message>
    <message>
      <source>Change and run…</source>
      <translation>Ändern und ausführen …</translation>
    </message>
    <message>
      <source>Changes by layer</source>
      <translation>Änderungen je Schicht</translation>
    </message>
    <message>
      <source>Check</source>
      <translation>Prüfen</translation>
    </message>
    <message>
      <source>Checkpointing</source>
      <translation>Checkpointing</translation>
    </message>
    <message>
      <source>Choose a model and its settings</source>
      <translation>Ein Modell und seine Einstellungen wählen</translation>
    </message>
    <message>
      <source>Choose a model and its settings, and see at once what it takes</source>
      <translation>Ein Modell und seine Einstellungen wählen, und sofort sehen, was es braucht</translation>
    </message>
    <message>
      <source>Choose a model to see what a run of it takes.</source>
      <translation>Ein Modell wählen, um zu sehen, was ein Lauf davon braucht.</translation>
    </message>
    <message>
      <source>Choose a model.</source>
      <translation>Ein Modell wählen.</translation>
    </message>
    <message>
      <source>Choose at least one view and one format.</source>
      <translation>Mindestens eine Ansicht und ein Format wählen.</translation>
    </message>
    <message>
      <source>Choose the layer %1</source>
      <translation>Die Schicht %1 wählen</translation>
    </message>
    <message>
      <source>Choose the program…</source>
      <translation>Das Programm wählen …</translation>
    </message>
    <message>
      <source>Choose the run before and the run after.</source>
      <translation>Den Lauf vorher und den nachher wählen.</translation>
    </message>
    <message>
      <source>Chosen: %1.</source>
      <translation>Gewählt: %1.</translation>
    </message>
    <message>
      <source>Clear</source>
      <translation>Leeren</translation>
    </message>
    <message>
      <source>Clear the filter</source>
      <translation>Den Filter leeren</translation>
    </message>
    <message>
      <source>Click or arrow keys: its figures. Double click or Enter: open the run. Page up, page down: another GPU.</source>
      <translation>Klick oder Pfeiltasten: die Zahlen. Doppelklick oder Enter: den Lauf öffnen. Bild auf, Bild ab: eine andere GPU.</translation>
    </message>
    <message>
      <source>Clip gradients to</source>
      <translation>Gradienten begrenzen auf</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Close (Esc)</source>
      <translation>Schließen (Esc)</translation>
    </message>
    <message>
      <source>Close all r&amp;uns</source>
      <translation>&amp;Alle Läufe schließen</translation>
    </message>
    <message>
      <source>Close ru&amp;n</source>
      <translation>Lauf s&amp;chließen</translation>
    </message>
    <message>
      <source>Close run</source>
      <translation>Lauf schließen</translation>
    </message>
    <message>
      <source>Closed forms</source>
      <translation>Geschlossene Formeln</translation>
    </message>
    <message>
      <source>Co&amp;mmands…</source>
      <translation>&amp;Befehle …</translation>
    </message>
    <message>
      <source>Collapse all</source>
      <translation>Alle zuklappen</translation>
    </message>
    <message>
      <source>Colours</source>
      <translation>Farben</translation>
    </message>
    <message>
      <source>Columns of its table</source>
      <translation>Spalten ihrer Tabelle</translation>
    </message>
    <message>
      <source>Combine with another</source>
      <translation>Mit einem weiteren verbinden</translation>
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
      <source>Compare %1 with</source>
      <translation>%1 vergleichen mit</translation>
    </message>
    <message>
      <source>Compare &amp;with…</source>
      <translation>&amp;Vergleichen mit …</translation>
    </message>
    <message>
      <source>Compare the others against %1</source>
      <translation>Die anderen mit %1 vergleichen</translation>
    </message>
    <message>
      <source>Compare the others against it</source>
      <translation>Die anderen damit vergleichen</translation>
    </message>
    <message>
      <source>Compare with recen&amp;t</source>
      <translation>&amp;Mit zuletzt geöffneten vergleichen</translation>
    </message>
    <message>
      <source>Compare with: %1</source>
      <translation>Vergleichen mit: %1</translation>
    </message>
    <message>
      <source>Comparison</source>
      <translation>Vergleich</translation>
    </message>
    <message>
      <source>Compression</source>
      <translation>Kompression</translation>
    </message>
    <message>
      <source>Copied</source>
      <translation>Kopiert</translation>
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
      <source>Copy marked rows</source>
      <translation>Markierte Zeilen kopieren</translation>
    </message>
    <message>
      <source>Copy the command</source>
      <translation>Den Befehl kopieren</translation>
    </message>
    <message>
      <source>Count what layers move</source>
      <translation>Zählen, was Schichten bewegen</translation>
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
      <source>Details</source>
      <translation>Einzelheiten</translation>
    </message>
    <message>
      <source>Device</source>
      <translation>Gerät</translation>
    </message>
    <message>
      <source>Diff</source>
      <translation>Unterschied</translation>
    </message>
    <message>
      <source>Difference</source>
      <translation>Differenz</translation>
    </message>
    <message>
      <source>Different besides: %1.</source>
      <translation>Außerdem anders: %1.</translation>
    </message>
    <message>
      <source>Dismiss</source>
      <translation>Ausblenden</translation>
    </message>
    <message>
      <source>Double click: open this run</source>
      <translation>Doppelklick: diesen Lauf öffnen</translation>
    </message>
    <message>
      <source>Driver memory</source>
      <translation>Speicher vom Treiber</translation>
    </message>
    <message>
      <source>Dropout</source>
      <translation>Dropout</translation>
    </message>
    <message>
      <source>E&amp;xchange</source>
      <translation>&amp;Tauschen</translation>
    </message>
    <message>
      <source>Each cell is a virtual run on this machine's processor. What was run before is remembered.</source>
      <translation>Jedes Feld ist ein virtueller Lauf auf dem Prozessor dieses Rechners. Was schon lief, wird gemerkt.</translation>
    </message>
    <message>
      <source>Each event takes the same room; below stands which it is, or when it was on the host's clock.</source>
      <translation>Jedes Ereignis nimmt gleich viel Platz ein; darunter steht, welches es ist, oder wann es nach der Uhr des Hosts war.</translation>
    </message>
    <message>
      <source>Each row holds all that is below it. Without, it holds its own bytes alone, so that all rows add up to the sum.</source>
      <translation>Jede Zeile enthält alles, was unter ihr ist. Sonst enthält sie nur die eigenen Bytes, und alle Zeilen ergeben die Summe.</translation>
    </message>
    <message>
      <source>Each row is a replay of the recorded requests through PyTorch's own caching allocator over virtual:%1. With the recorded settings it did what was recorded, event by event.</source>
      <translation>Jede Zeile wiederholt die aufgezeichneten Anforderungen mit dem eigenen Allokator von PyTorch über virtual:%1. Mit den aufgezeichneten Einstellungen tat er, was aufgezeichnet ist, Ereignis für Ereignis.</translation>
    </message>
    <message>
      <source>Else it is address space alone</source>
      <translation>Sonst besteht er nur aus Adressen</translation>
    </message>
    <message>
      <source>Encoder-decoders</source>
      <translation>Encoder-Decoder</translation>
    </message>
    <message>
      <source>End the run</source>
      <translation>Den Lauf beenden</translation>
    </message>
    <message>
      <source>Environment</source>
      <translation>Umgebung</translation>
    </message>
    <message>
      <source>Equal layers in a row are one row.</source>
      <translation>Gleiche Schichten hintereinander sind eine Zeile.</translation>
    </message>
    <message>
      <source>Estimate</source>
      <translation>Schätzung</translation>
    </message>
    <message>
      <source>Estimated on a virtual GPU; the run itself is on %1, whose allocator may take another amount.</source>
      <translation>Geschätzt auf einer virtuellen GPU; der Lauf selbst ist auf %1, dessen Allokator anders viel nehmen kann.</translation>
    </message>
    <message>
      <source>Event</source>
      <translation>Ereignis</translation>
    </message>
    <message>
      <source>Event %1</source>
      <translation>Ereignis %1</translation>
    </message>
    <message>
      <source>Events</source>
      <translation>Ereignisse</translation>
    </message>
    <message>
      <source>Events of the allocator between its allocation and its free.</source>
      <translation>Ereignisse des Allokators zwischen Belegung und Freigabe.</translation>
    </message>
    <message>
      <source>Every block where its address is, within the segments that were reserved.</source>
      <translation>Jeder Block, wo seine Adresse ist, in den Segmenten, die reserviert waren.</translation>
    </message>
    <message>
      <source>Every dropout rate of the model, from 0 to 1</source>
      <translation>Jede Dropout-Rate des Modells, von 0 bis 1</translation>
    </message>
    <message>
      <source>Every live block on those allocated before it: the top is what is allocated.</source>
      <translation>Jeder lebende Block auf den vor ihm belegten: oben steht, was belegt ist.</translation>
    </message>
    <message>
      <source>Everything that is none of the above.</source>
      <translation>Alles, was nichts davon ist.</translation>
    </message>
    <message>
      <source>Expand all</source>
      <translation>Alle aufklappen</translation>
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
      <source>Fail where nothing can be traced</source>
      <translation>Scheitern, wo nichts verfolgt werden kann</translation>
    </message>
    <message>
      <source>Fi&amp;lter</source>
      <translation>Fil&amp;ter</translation>
    </message>
    <message>
      <source>Files</source>
      <translation>Dateien</translation>
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
      <source>Filter by layer</source>
      <translation>Nach Schicht filtern</translation>
    </message>
    <message>
      <source>Filter by least size</source>
      <translation>Nach Mindestgröße filtern</translation>
    </message>
    <message>
      <source>Filter by text</source>
      <translation>Nach Text filtern</translation>
    </message>
    <message>
      <source>Find a model</source>
      <translation>Ein Modell suchen</translation>
    </message>
    <message>
      <source>Find in the rows</source>
      <translation>In den Zeilen suchen</translation>
    </message>
    <message>
      <source>Find it by itself</source>
      <translation>Selbst finden lassen</translation>
    </message>
    <message>
      <source>Find the largest batch at %1 tokens on each</source>
      <translation>Für jede den größten Batch bei %1 Token suchen</translation>
    </message>
    <message>
      <source>Find the next (F3)</source>
      <translation>Weitersuchen (F3)</translation>
    </message>
    <message>
      <source>Find the one before (Shift+F3)</source>
      <translation>Rückwärts suchen (Umschalt+F3)</translation>
    </message>
    <message>
      <source>Find what fits</source>
      <translation>Suchen, was passt</translation>
    </message>
    <message>
      <source>Find…</source>
      <translation>Suchen …</translation>
    </message>
    <message>
      <source>First needed in</source>
      <translation>Zuerst gebraucht in</translation>
    </message>
    <message>
      <source>Fit height</source>
      <translation>Höhe anpassen</translation>
    </message>
    <message>
      <source>Fold all equal blocks again</source>
      <translation>Alle gleichen Blöcke wieder falten</translation>
    </message>
    <message>
      <source>Fold equal blocks again</source>
      <translation>Gleiche Blöcke wieder falten</translation>
    </message>
    <message>
      <source>Formats</source>
      <translation>Formate</translation>
    </message>
    <message>
      <source>Fragmentation</source>
      <translation>Fragmentierung</translation>
    </message>
    <message>
      <source>Fragmented: a live block keeps the segment from being given back.</source>
      <translation>Zerstückelt: Ein lebender Block verhindert, dass das Segment zurückgegeben wird.</translation>
    </message>
    <message>
      <source>Free in one piece: no larger block fits.</source>
      <translation>Am Stück frei: Kein größerer Block passt.</translation>
    </message>
    <message>
      <source>Freed blocks that the allocator does not have back yet.</source>
      <translation>Freigegebene Blöcke, die der Allokator noch nicht zurück hat.</translation>
    </message>
    <message>
      <source>Freed in</source>
      <translation>Frei in</translation>
    </message>
    <message>
      <source>From the largest part to the tensor.</source>
      <translation>Vom größten Teil bis zum Tensor.</translation>
    </message>
    <message>
      <source>From where to where it lives.</source>
      <translation>Von wann bis wann er lebt.</translation>
    </message>
    <message>
      <source>From where to where the smallest block lives.</source>
      <translation>Von wann bis wann der kleinste Block lebt.</translation>
    </message>
    <message>
      <source>GPT and OPT</source>
      <translation>GPT und OPT</translation>
    </message>
    <message>
      <source>GPU</source>
      <translation>GPU</translation>
    </message>
    <message>
      <source>GPUs and the largest batch that each holds</source>
      <translation>GPUs und der größte Batch, der auf jede passt</translation>
    </message>
    <message>
      <source>Generation</source>
      <translation>Generierung</translation>
    </message>
    <message>
      <source>Given back</source>
      <translation>Zurückgegeben</translation>
    </message>
    <message>
      <source>Go on</source>
      <translation>Weiter</translation>
    </message>
    <message>
      <source>Go to the peak and choose it</source>
      <translation>Zur Spitze gehen und sie wählen</translation>
    </message>
    <message>
      <source>Gopher, Chinchilla, PaLM</source>
      <translation>Gopher, Chinchilla, PaLM</translation>
    </message>
    <message>
      <source>Gradients</source>
      <translation>Gradienten</translation>
    </message>
    <message>
      <source>Grid</source>
      <translation>Grid</translation>
    </message>
    <message>
      <source>Grows</source>
      <translation>Wächst</translation>
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
      <source>How its driver hands out addresses: descending, ascending or shuffled:SEED</source>
      <translation>Wie der Treiber Adressen ausgibt: descending, ascending oder shuffled:SEED</translation>
    </message>
    <message>
      <source>How many are live.</source>
      <translation>Wie viele leben.</translation>
    </message>
    <message>
      <source>How many pin it.</source>
      <translation>Wie viele es festhalten.</translation>
    </message>
    <message>
      <source>How much memory a transformer takes, and where every byte goes.</source>
      <translation>Wie viel Speicher ein Transformer braucht, und wohin jedes Byte geht.</translation>
    </message>
    <message>
      <source>How much of it there was.</source>
      <translation>Wie viel es davon gab.</translation>
    </message>
    <message>
      <source>How often it ran.</source>
      <translation>Wie oft er lief.</translation>
    </message>
    <message>
      <source>How sgd, adam and adamw step in PyTorch</source>
      <translation>Wie sgd, adam und adamw in PyTorch rechnen</translation>
    </message>
    <message>
      <source>How the model knows positions</source>
      <translation>Wie das Modell Positionen kennt</translation>
    </message>
    <message>
      <source>How the run ended.</source>
      <translation>Wie der Lauf endete.</translation>
    </message>
    <message>
      <source>How weights are made smaller</source>
      <translation>Wie Gewichte kleiner gemacht werden</translation>
    </message>
    <message>
      <source>How weights are made smaller: methods, each with its options</source>
      <translation>Wie Gewichte kleiner gemacht werden: Verfahren, jedes mit seinen Optionen</translation>
    </message>
    <message>
      <source>In all: %1.</source>
      <translation>Im Ganzen: %1.</translation>
    </message>
    <message>
      <source>In logical pixels. A table that needs more height gets it.</source>
      <translation>In logischen Pixeln. Eine Tabelle, die mehr Höhe braucht, bekommt sie.</translation>
    </message>
    <message>
      <source>In tables and lists</source>
      <translation>In Tabellen und Listen</translation>
    </message>
    <message>
      <source>In use: %1, %2.</source>
      <translation>Benutzt: %1, %2.</translation>
    </message>
    <message>
      <source>In which it was allocated.</source>
      <translation>In der es belegt wurde.</translation>
    </message>
    <message>
      <source>In which it was caused, over all steps.</source>
      <translation>In der es ausgelöst wurde, über alle Schritte.</translation>
    </message>
    <message>
      <source>In which it was caused, without the layers below.</source>
      <translation>In der es ausgelöst wurde, ohne die Schichten darunter.</translation>
    </message>
    <message>
      <source>Inference peak</source>
      <translation>Spitze der Inferenz</translation>
    </message>
    <message>
      <source>It asked.</source>
      <translation>Sie verlangte es.</translation>
    </message>
    <message>
      <source>It is asked for its version …</source>
      <translation>Es wird nach seiner Fassung gefragt …</translation>
    </message>
    <message>
      <source>It is headroom %1, but its runs fail: %2</source>
      <translation>Es ist headroom %1, aber seine Läufe scheitern: %2</translation>
    </message>
    <message>
      <source>It is headroom %1. It makes a tiny run …</source>
      <translation>Es ist headroom %1. Es macht einen winzigen Lauf …</translation>
    </message>
    <message>
      <source>It outlived its step and no tensor ever showed it: scratch of a library, such as cuBLAS's.</source>
      <translation>Es überlebte seinen Schritt, und kein Tensor zeigte es je: Hilfsspeicher einer Bibliothek wie cuBLAS.</translation>
    </message>
    <message>
      <source>It really ran on this device; every allocation was recorded.</source>
      <translation>Es lief wirklich auf diesem Gerät; jede Belegung wurde aufgezeichnet.</translation>
    </message>
    <message>
      <source>Its block at the peak of the first run.</source>
      <translation>Sein Block in der Spitze des ersten Laufs.</translation>
    </message>
    <message>
      <source>Its block at the peak of the second run.</source>
      <translation>Sein Block in der Spitze des zweiten Laufs.</translation>
    </message>
    <message>
      <source>Its implementation</source>
      <translation>Seine Ausführung</translation>
    </message>
    <message>
      <source>Its name without return type, parameters and namespaces; in full when pointed at.</source>
      <translation>Sein Name ohne Rückgabetyp, Parameter und Namensräume; ganz unter dem Zeiger.</translation>
    </message>
    <message>
      <source>Its numbers</source>
      <translation>Seine Zahlen</translation>
    </message>
    <message>
      <source>Its path.</source>
      <translation>Ihr Pfad.</translation>
    </message>
    <message>
      <source>Its work is done</source>
      <translation>Seine Arbeit ist getan</translation>
    </message>
    <message>
      <source>KV cache</source>
      <translation>KV-Cache</translation>
    </message>
    <message>
      <source>KV cache a token</source>
      <translation>KV-Cache je Token</translation>
    </message>
    <message>
      <source>KV cache at the end</source>
      <translation>KV-Cache am Ende</translation>
    </message>
    <message>
      <source>KV cache by layer</source>
      <translation>KV-Cache je Schicht</translation>
    </message>
    <message>
      <source>KV cache of one token of one sequence, all layers.</source>
      <translation>KV-Cache eines Tokens einer Sequenz, alle Schichten.</translation>
    </message>
    <message>
      <source>KV cache would cost</source>
      <translation>Ein KV-Cache würde kosten</translation>
    </message>
    <message>
      <source>Kept for backward</source>
      <translation>Für backward gehalten</translation>
    </message>
    <message>
      <source>Kept for backward by all layers in the last step.</source>
      <translation>Von allen Schichten im letzten Schritt für backward gehalten.</translation>
    </message>
    <message>
      <source>Kept of each sequence; 1 is greedy</source>
      <translation>Je Sequenz gehalten; 1 ist greedy</translation>
    </message>
    <message>
      <source>Kernel</source>
      <translation>Kernel</translation>
    </message>
    <message>
      <source>Kernels</source>
      <translation>Kernel</translation>
    </message>
    <message>
      <source>Kernels were not traced: the run asked for memory alone. --trace full traces them.</source>
      <translation>Kernel wurden nicht verfolgt: Der Lauf verlangte nur den Speicher. --trace full verfolgt sie.</translation>
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
      <source>Keys and values it keeps, the most at once in the last step.</source>
      <translation>Keys und Values, die sie hält, höchstens zugleich im letzten Schritt.</translation>
    </message>
    <message>
      <source>Keys and values kept for the tokens seen so far.</source>
      <translation>Keys und Values, gehalten für die Token bisher.</translation>
    </message>
    <message>
      <source>Keys and values of one token in all decoder layers.</source>
      <translation>Keys und Values eines Tokens in allen Decoder-Schichten.</translation>
    </message>
    <message>
      <source>Kind</source>
      <translation>Art</translation>
    </message>
    <message>
      <source>Known</source>
      <translation>Bekannt</translation>
    </message>
    <message>
      <source>Largest at the most that was reached: %1.</source>
      <translation>Das Größte, als am meisten erreicht war: %1.</translation>
    </message>
    <message>
      <source>Largest batch</source>
      <translation>Größter Batch</translation>
    </message>
    <message>
      <source>Launches</source>
      <translation>Starts</translation>
    </message>
    <message>
      <source>Layer</source>
      <translation>Schicht</translation>
    </message>
    <message>
      <source>Layer %1</source>
      <translation>Schicht %1</translation>
    </message>
    <message>
      <source>Layer, category, tensor</source>
      <translation>Schicht, Kategorie, Tensor</translation>
    </message>
    <message>
      <source>Layer: %1</source>
      <translation>Schicht: %1</translation>
    </message>
    <message>
      <source>Layers</source>
      <translation>Schichten</translation>
    </message>
    <message>
      <source>Layers and phases</source>
      <translation>Schichten und Phasen</translation>
    </message>
    <message>
      <source>Layers of both runs, by their path.</source>
      <translation>Schichten beider Läufe, nach ihrem Pfad.</translation>
    </message>
    <message>
      <source>Lifetime</source>
      <translation>Lebensdauer</translation>
    </message>
    <message>
      <source>Light</source>
      <translation>Hell</translation>
    </message>
    <message>
      <source>Line</source>
      <translation>Zeile</translation>
    </message>
    <message>
      <source>Lived</source>
      <translation>Lebte</translation>
    </message>
    <message>
      <source>Llama and Mistral</source>
      <translation>Llama und Mistral</translation>
    </message>
    <message>
      <source>Log</source>
      <translation>Protokoll</translation>
    </message>
    <message>
      <source>Look at the recording (Enter)</source>
      <translation>Die Aufzeichnung ansehen (Enter)</translation>
    </message>
    <message>
      <source>Look at this run</source>
      <translation>Diesen Lauf ansehen</translation>
    </message>
    <message>
      <source>Loss in chunks of</source>
      <translation>Loss in Stücken von</translation>
    </message>
    <message>
      <source>Made by Headroom</source>
      <translation>Mit Headroom erstellt</translation>
    </message>
    <message>
      <source>Made in the forward pass and kept for the backward pass.</source>
      <translation>Im Vorwärtslauf entstanden und für backward gehalten.</translation>
    </message>
    <message>
      <source>Makes the run again with all its events, and opens it (Enter, or a double click in the map)</source>
      <translation>Macht den Lauf mit allen Ereignissen noch einmal und öffnet ihn (Enter, oder ein Doppelklick in der Karte)</translation>
    </message>
    <message>
      <source>Memory</source>
      <translation>Speicher</translation>
    </message>
    <message>
      <source>Memory asked of the driver</source>
      <translation>Vom Treiber verlangter Speicher</translation>
    </message>
    <message>
      <source>Memory holds what is copied there</source>
      <translation>Speicher enthält, was dorthin kopiert wird</translation>
    </message>
    <message>
      <source>Memory map</source>
      <translation>Speicherkarte</translation>
    </message>
    <message>
      <source>Memory of any kind; the first caller pays.</source>
      <translation>Speicher jeder Art; der erste Aufrufer zahlt.</translation>
    </message>
    <message>
      <source>Memory that the driver was asked for, by the library that asked.</source>
      <translation>Speicher, um den der Treiber gebeten wurde, nach der Bibliothek, die bat.</translation>
    </message>
    <message>
      <source>Memory that was set to a value.</source>
      <translation>Speicher, der auf einen Wert gesetzt wurde.</translation>
    </message>
    <message>
      <source>Messages</source>
      <translation>Meldungen</translation>
    </message>
    <message>
      <source>Method of compression</source>
      <translation>Kompressionsverfahren</translation>
    </message>
    <message>
      <source>Micro-batches</source>
      <translation>Micro-Batches</translation>
    </message>
    <message>
      <source>Mixtures of experts</source>
      <translation>Mixtures of Experts</translation>
    </message>
    <message>
      <source>Mode</source>
      <translation>Art des Laufs</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>Modell</translation>
    </message>
    <message>
      <source>Model configuration (*.json);;All files (*)</source>
      <translation>Modellkonfiguration (*.json);;Alle Dateien (*)</translation>
    </message>
    <message>
      <source>Models</source>
      <translation>Modelle</translation>
    </message>
    <message>
      <source>Momentum</source>
      <translation>Momentum</translation>
    </message>
    <message>
      <source>More settings</source>
      <translation>Weitere Einstellungen</translation>
    </message>
    <message>
      <source>New run</source>
      <translation>Neuer Lauf</translation>
    </message>
    <message>
      <source>New run…</source>
      <translation>Neuer Lauf …</translation>
    </message>
    <message>
      <source>New tokens</source>
      <translation>Neue Token</translation>
    </message>
    <message>
      <source>No GPU ran this. PyTorch's own CUDA code and caching allocator ran over a virtual CUDA device: its allocations, no measurement.</source>
      <translation>Keine GPU hat dies ausgeführt. Der eigene CUDA-Code von PyTorch und sein Allokator liefen über einem virtuellen CUDA-Gerät: seine Belegungen, keine Messung.</translation>
    </message>
    <message>
      <source>No folder can be made in %1: %2.</source>
      <translation>In %1 lässt sich kein Ordner anlegen: %2.</translation>
    </message>
    <message>
      <source>No kernel ran.</source>
      <translation>Kein Kernel lief.</translation>
    </message>
    <message>
      <source>No layer kept anything of the tokens before.</source>
      <translation>Keine Schicht behielt etwas von den Token davor.</translation>
    </message>
    <message>
      <source>No model has “%1” in its name or description.</source>
      <translation>Kein Modell hat „%1“ in Name oder Beschreibung.</translation>
    </message>
    <message>
      <source>No other file was opened lately</source>
      <translation>Zuletzt wurde keine andere Datei geöffnet</translation>
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
      <source>No run is open. Open a recording to see its KV cache.</source>
      <translation>Kein Lauf ist offen. Eine Aufzeichnung öffnen, um ihren KV-Cache zu sehen.</translation>
    </message>
    <message>
      <source>No run is open. Open a recording to see its blocks.</source>
      <translation>Kein Lauf ist offen. Eine Aufzeichnung öffnen, um ihre Blöcke zu sehen.</translation>
    </message>
    <message>
      <source>No run is open. Open a recording to see its kernels.</source>
      <translation>Kein Lauf ist offen. Eine Aufzeichnung öffnen, um ihre Kernel zu sehen.</translation>
    </message>
    <message>
      <source>No run is open. Open a recording to see its layers.</source>
      <translation>Kein Lauf ist offen. Eine Aufzeichnung öffnen, um ihre Schichten zu sehen.</translation>
    </message>
    <message>
      <source>No run is open. Open a recording to see its memory over time.</source>
      <translation>Kein Lauf ist offen. Eine Aufzeichnung öffnen, um ihren Speicher im Verlauf zu sehen.</translation>
    </message>
    <message>
      <source>No run is open. Open a recording, or drop one here.</source>
      <translation>Kein Lauf ist offen. Eine Aufzeichnung öffnen oder hierher ziehen.</translation>
    </message>
    <message>
      <source>No run is open. Open a recording, or drop one on the window.</source>
      <translation>Kein Lauf ist offen. Eine Aufzeichnung öffnen oder auf das Fenster ziehen.</translation>
    </message>
    <message>
      <source>No run is open: open recordings of the same model with different attention.</source>
      <translation>Kein Lauf ist offen: Aufzeichnungen desselben Modells mit anderer Attention öffnen.</translation>
    </message>
    <message>
      <source>No run is open: open two recordings, one from before a change and one from after it.</source>
      <translation>Kein Lauf ist offen: zwei Aufzeichnungen öffnen, eine von vor einer Änderung und eine von danach.</translation>
    </message>
    <message>
      <source>No runs yet</source>
      <translation>Noch keine Läufe</translation>
    </message>
    <message>
      <source>No segment of %1 was recorded.</source>
      <translation>Kein Segment von %1 wurde aufgezeichnet.</translation>
    </message>
    <message>
      <source>Nobody asked the driver for memory.</source>
      <translation>Niemand bat den Treiber um Speicher.</translation>
    </message>
    <message>
      <source>None of the rules for the other categories holds for it.</source>
      <translation>Keine der Regeln für die anderen Kategorien trifft darauf zu.</translation>
    </message>
    <message>
      <source>Nothing is called that.</source>
      <translation>Nichts heißt so.</translation>
    </message>
    <message>
      <source>Nothing to show: a setting is not right.</source>
      <translation>Nichts zu zeigen: Eine Einstellung stimmt nicht.</translation>
    </message>
    <message>
      <source>Nothing was alive at this instant.</source>
      <translation>Zu diesem Zeitpunkt lebte nichts.</translation>
    </message>
    <message>
      <source>Nothing was allocated in this run, so there is no curve.</source>
      <translation>In diesem Lauf wurde nichts belegt, also gibt es keine Kurve.</translation>
    </message>
    <message>
      <source>Nothing was opened yet.</source>
      <translation>Es wurde noch nichts geöffnet.</translation>
    </message>
    <message>
      <source>Nothing was traced in this run. headroom profile --trace full records kernels and what the driver was asked for.</source>
      <translation>In diesem Lauf wurde nichts verfolgt. headroom profile --trace full zeichnet Kernel auf, und worum der Treiber gebeten wurde.</translation>
    </message>
    <message>
      <source>Numbers</source>
      <translation>Zahlen</translation>
    </message>
    <message>
      <source>Of a block, static and dynamic.</source>
      <translation>Eines Blocks, statisch und dynamisch.</translation>
    </message>
    <message>
      <source>Of a mixture of experts: tokens that an expert has room for, as a multiple of its share</source>
      <translation>Einer Mixture of Experts: Token, für die ein Experte Platz hat, als Vielfaches seines Anteils</translation>
    </message>
    <message>
      <source>Of a paged cache</source>
      <translation>Eines seitenweisen Caches</translation>
    </message>
    <message>
      <source>Of a thread.</source>
      <translation>Eines Threads.</translation>
    </message>
    <message>
      <source>Of all its launches, added up.</source>
      <translation>Aller Starts zusammen.</translation>
    </message>
    <message>
      <source>Of all runs each gets a folder of its own; the comparison and the diff are written once, beside them.</source>
      <translation>Von allen Läufen bekommt jeder einen eigenen Ordner; Vergleich und Unterschied werden einmal daneben geschrieben.</translation>
    </message>
    <message>
      <source>Of each layer itself, without the layers below, over all steps.</source>
      <translation>Jeder Schicht selbst, ohne die darunter, über alle Schritte.</translation>
    </message>
    <message>
      <source>Of each sequence, after its prompt</source>
      <translation>Je Sequenz, nach ihrem Prompt</translation>
    </message>
    <message>
      <source>Of its kernels, added up.</source>
      <translation>Ihrer Kernel zusammen.</translation>
    </message>
    <message>
      <source>Of its live blocks.</source>
      <translation>Ihrer lebenden Blöcke.</translation>
    </message>
    <message>
      <source>Of memory.</source>
      <translation>An Speicher.</translation>
    </message>
    <message>
      <source>Of parameters, inputs and dropout</source>
      <translation>Für Parameter, Eingaben und Dropout</translation>
    </message>
    <message>
      <source>Of sgd, from 0 to below 1</source>
      <translation>Von sgd, von 0 bis unter 1</translation>
    </message>
    <message>
      <source>Of the allocator, for what is kept at the end.</source>
      <translation>Des Allokators, für das, was am Ende gehalten ist.</translation>
    </message>
    <message>
      <source>Of the smallest block.</source>
      <translation>Des kleinsten Blocks.</translation>
    </message>
    <message>
      <source>Of the sum of all layers.</source>
      <translation>Der Summe aller Schichten.</translation>
    </message>
    <message>
      <source>Of the virtual run; or why there was none.</source>
      <translation>Des virtuellen Laufs; oder warum es keinen gab.</translation>
    </message>
    <message>
      <source>Of the whole model, in the last step.</source>
      <translation>Des ganzen Modells, im letzten Schritt.</translation>
    </message>
    <message>
      <source>Of these, by the end.</source>
      <translation>Von diesen, bis zum Ende.</translation>
    </message>
    <message>
      <source>Of what was allocated.</source>
      <translation>Dessen, was belegt war.</translation>
    </message>
    <message>
      <source>One gradient for each trainable parameter.</source>
      <translation>Ein Gradient für jeden trainierbaren Parameter.</translation>
    </message>
    <message>
      <source>One run for each mechanism that is checked (Ctrl+Enter)</source>
      <translation>Ein Lauf für jedes angekreuzte Verfahren (Strg+Enter)</translation>
    </message>
    <message>
      <source>One run is open: open another to compare it with.</source>
      <translation>Ein Lauf ist offen: einen weiteren öffnen, um ihn damit zu vergleichen.</translation>
    </message>
    <message>
      <source>One run is open: open another to see what differs.</source>
      <translation>Ein Lauf ist offen: einen weiteren öffnen, um zu sehen, was sich unterscheidet.</translation>
    </message>
    <message>
      <source>Open</source>
      <translation>Öffnen</translation>
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
      <source>Open a config.json …</source>
      <translation>Eine config.json öffnen …</translation>
    </message>
    <message>
      <source>Open a run, or choose one with New run (Ctrl+N): then this page shows which batch and sequence length of it fit on which GPU.</source>
      <translation>Einen Lauf öffnen oder mit Neuer Lauf (Strg+N) wählen: Dann zeigt diese Seite, welcher Batch und welche Sequenzlänge davon auf welche GPU passen.</translation>
    </message>
    <message>
      <source>Open a session</source>
      <translation>Eine Sitzung öffnen</translation>
    </message>
    <message>
      <source>Open and close rows</source>
      <translation>Zeilen auf- und zuklappen</translation>
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
      <source>Open this run</source>
      <translation>Diesen Lauf öffnen</translation>
    </message>
    <message>
      <source>Opens another recording and shows how it differs from the current run.</source>
      <translation>Öffnet eine andere Aufzeichnung und zeigt, wie sie sich vom aktuellen Lauf unterscheidet.</translation>
    </message>
    <message>
      <source>Operator</source>
      <translation>Operator</translation>
    </message>
    <message>
      <source>Optimizer</source>
      <translation>Optimizer</translation>
    </message>
    <message>
      <source>Optimizer state</source>
      <translation>Optimizer-Zustand</translation>
    </message>
    <message>
      <source>Order</source>
      <translation>Reihenfolge</translation>
    </message>
    <message>
      <source>Order of the runs</source>
      <translation>Reihenfolge der Läufe</translation>
    </message>
    <message>
      <source>Other encoders</source>
      <translation>Andere Encoder</translation>
    </message>
    <message>
      <source>Others</source>
      <translation>Andere</translation>
    </message>
    <message>
      <source>Outcome</source>
      <translation>Ausgang</translation>
    </message>
    <message>
      <source>Over the run</source>
      <translation>Im ganzen Lauf</translation>
    </message>
    <message>
      <source>Over the run.</source>
      <translation>Im ganzen Lauf.</translation>
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
      <source>Packed by lifetime</source>
      <translation>Nach Lebensdauer gepackt</translation>
    </message>
    <message>
      <source>Padding</source>
      <translation>Padding</translation>
    </message>
    <message>
      <source>Parameters</source>
      <translation>Parameter</translation>
    </message>
    <message>
      <source>Path of headroom</source>
      <translation>Pfad von headroom</translation>
    </message>
    <message>
      <source>Peak</source>
      <translation>Spitze</translation>
    </message>
    <message>
      <source>Peak allocated</source>
      <translation>Spitze belegt</translation>
    </message>
    <message>
      <source>Peak allocated %1
Peak reserved %2
at %3</source>
      <translation>Spitze belegt %1
Spitze reserviert %2
bei %3</translation>
    </message>
    <message>
      <source>Peak allocated %1, reserved %2</source>
      <translation>Spitze belegt %1, reserviert %2</translation>
    </message>
    <message>
      <source>Peak reserved</source>
      <translation>Spitze reserviert</translation>
    </message>
    <message>
      <source>Peak until it ran out</source>
      <translation>Spitze, bis er ausging</translation>
    </message>
    <message>
      <source>Peaks of prefill and decode</source>
      <translation>Spitzen von Prefill und Decode</translation>
    </message>
    <message>
      <source>Peaks of the runs</source>
      <translation>Spitzen der Läufe</translation>
    </message>
    <message>
      <source>Peaks of the steps</source>
      <translation>Spitzen der Schritte</translation>
    </message>
    <message>
      <source>Per token</source>
      <translation>Je Token</translation>
    </message>
    <message>
      <source>Percent</source>
      <translation>Prozent</translation>
    </message>
    <message>
      <source>Percent of the baseline's cache a token.</source>
      <translation>Prozent des Caches je Token der Basis.</translation>
    </message>
    <message>
      <source>Percent of the baseline's parameter bytes.</source>
      <translation>Prozent der Parameter-Bytes der Basis.</translation>
    </message>
    <message>
      <source>Percent of the baseline's peak that this run does without.</source>
      <translation>Prozent der Spitze der Basis, ohne die dieser Lauf auskommt.</translation>
    </message>
    <message>
      <source>Percent of the parameters of the baseline's attention, with their biases and W^O.</source>
      <translation>Prozent der Parameter der Attention der Basis, mit Biases und W^O.</translation>
    </message>
    <message>
      <source>Percent of what the baseline keeps for backward.</source>
      <translation>Prozent dessen, was die Basis für backward hält.</translation>
    </message>
    <message>
      <source>Phase</source>
      <translation>Phase</translation>
    </message>
    <message>
      <source>Phase and layer of the first time.</source>
      <translation>Phase und Schicht beim ersten Mal.</translation>
    </message>
    <message>
      <source>Phase and step in which it was allocated; sorted by the instant.</source>
      <translation>Phase und Schritt der Belegung; sortiert nach dem Zeitpunkt.</translation>
    </message>
    <message>
      <source>Phase and step in which it was given back to the allocator.</source>
      <translation>Phase und Schritt der Rückgabe an den Allokator.</translation>
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
      <source>Pool</source>
      <translation>Pool</translation>
    </message>
    <message>
      <source>Positions</source>
      <translation>Positionen</translation>
    </message>
    <message>
      <source>Pre&amp;vious run</source>
      <translation>&amp;Voriger Lauf</translation>
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
      <source>Program</source>
      <translation>Programm</translation>
    </message>
    <message>
      <source>Program that makes runs</source>
      <translation>Das Programm, das Läufe macht</translation>
    </message>
    <message>
      <source>Program that makes runs…</source>
      <translation>Programm für Läufe …</translation>
    </message>
    <message>
      <source>Progress</source>
      <translation>Fortschritt</translation>
    </message>
    <message>
      <source>PyTorch</source>
      <translation>PyTorch</translation>
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
      <source>Queue</source>
      <translation>Warteschlange</translation>
    </message>
    <message>
      <source>Queue: %1</source>
      <translation>Warteschlange: %1</translation>
    </message>
    <message>
      <source>Rea&amp;d again</source>
      <translation>E&amp;rneut lesen</translation>
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
      <source>Recordings and snapshots (*.headroom *.pickle);;All files (*)</source>
      <translation>Aufzeichnungen und Snapshots (*.headroom *.pickle);;Alle Dateien (*)</translation>
    </message>
    <message>
      <source>Recordings and snapshots (*.headroom *.pickle);;Sessions (*.headroom-session);;All files (*)</source>
      <translation>Aufzeichnungen und Snapshots (*.headroom *.pickle);;Sitzungen (*.headroom-session);;Alle Dateien (*)</translation>
    </message>
    <message>
      <source>Reformer</source>
      <translation>Reformer</translation>
    </message>
    <message>
      <source>Registers</source>
      <translation>Register</translation>
    </message>
    <message>
      <source>Remove</source>
      <translation>Entfernen</translation>
    </message>
    <message>
      <source>Remove ended</source>
      <translation>Beendete entfernen</translation>
    </message>
    <message>
      <source>Rena&amp;me</source>
      <translation>U&amp;mbenennen</translation>
    </message>
    <message>
      <source>Repeat this run</source>
      <translation>Diesen Lauf wiederholen</translation>
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
      <source>Requested</source>
      <translation>Angefordert</translation>
    </message>
    <message>
      <source>Requested bytes of activations in the last step.</source>
      <translation>Für Aktivierungen im letzten Schritt angeforderte Bytes.</translation>
    </message>
    <message>
      <source>Requested, at the end of the last step.</source>
      <translation>Angefordert, am Ende des letzten Schritts.</translation>
    </message>
    <message>
      <source>Requested, at the end of the prompt.</source>
      <translation>Angefordert, am Ende des Prompts.</translation>
    </message>
    <message>
      <source>Reserved</source>
      <translation>Reserviert</translation>
    </message>
    <message>
      <source>Reserved memory at its peak</source>
      <translation>Reservierter Speicher in seiner Spitze</translation>
    </message>
    <message>
      <source>Retry</source>
      <translation>Erneut versuchen</translation>
    </message>
    <message>
      <source>Room of experts</source>
      <translation>Platz der Experten</translation>
    </message>
    <message>
      <source>Rounding</source>
      <translation>Rundung</translation>
    </message>
    <message>
      <source>Rows</source>
      <translation>Zeilen</translation>
    </message>
    <message>
      <source>Run</source>
      <translation>Lauf</translation>
    </message>
    <message>
      <source>Run %1 of %2: %3, %4 %5 %6. Enter looks at it, B compares the others against it.</source>
      <translation>Lauf %1 von %2: %3, %4 %5 %6. Enter zeigt ihn, B vergleicht die anderen mit ihm.</translation>
    </message>
    <message>
      <source>Run after</source>
      <translation>Lauf nachher</translation>
    </message>
    <message>
      <source>Run again</source>
      <translation>Noch einmal</translation>
    </message>
    <message>
      <source>Run all %1</source>
      <translation>Alle %1 ausführen</translation>
    </message>
    <message>
      <source>Run before</source>
      <translation>Lauf vorher</translation>
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
      <source>Runs on</source>
      <translation>Läuft auf</translation>
    </message>
    <message>
      <source>Runs were made with it, and with one sequence more, which was out of memory.</source>
      <translation>Damit wurden Läufe gemacht, und mit einer Sequenz mehr, für die der Speicher nicht reichte.</translation>
    </message>
    <message>
      <source>SVG drawing</source>
      <translation>SVG-Zeichnung</translation>
    </message>
    <message>
      <source>Sa&amp;ve session</source>
      <translation>Sitzung &amp;speichern</translation>
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
      <source>Savings</source>
      <translation>Ersparnis</translation>
    </message>
    <message>
      <source>Scale of PNG</source>
      <translation>Maßstab des PNG</translation>
    </message>
    <message>
      <source>Scratch of libraries such as cuBLAS that outlives the step.</source>
      <translation>Hilfsspeicher von Bibliotheken wie cuBLAS, der den Schritt überlebt.</translation>
    </message>
    <message>
      <source>Seed</source>
      <translation>Seed</translation>
    </message>
    <message>
      <source>Segments</source>
      <translation>Segmente</translation>
    </message>
    <message>
      <source>Segments reserved and given back; each makes a real GPU wait.</source>
      <translation>Reservierte und zurückgegebene Segmente; bei jedem wartet eine wirkliche GPU.</translation>
    </message>
    <message>
      <source>Segments the allocator had of the device.</source>
      <translation>Segmente, die der Allokator vom Gerät hatte.</translation>
    </message>
    <message>
      <source>Separate operators (eager), or one back end of scaled_dot_product_attention</source>
      <translation>Einzelne Operatoren (eager), oder eine Ausführung von scaled_dot_product_attention</translation>
    </message>
    <message>
      <source>Sequence length</source>
      <translation>Sequenzlänge</translation>
    </message>
    <message>
      <source>Sequences of random lengths, with an attention mask</source>
      <translation>Sequenzen zufälliger Länge, mit einer Attention-Maske</translation>
    </message>
    <message>
      <source>Sequences per step, or per micro-batch of it</source>
      <translation>Sequenzen je Schritt, oder je Micro-Batch davon</translation>
    </message>
    <message>
      <source>Sequences per step.</source>
      <translation>Sequenzen je Schritt.</translation>
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
      <source>Set</source>
      <translation>Gesetzt</translation>
    </message>
    <message>
      <source>Set as &amp;baseline</source>
      <translation>Als &amp;Vergleichsbasis</translation>
    </message>
    <message>
      <source>Settings</source>
      <translation>Einstellungen</translation>
    </message>
    <message>
      <source>Shape</source>
      <translation>Form</translation>
    </message>
    <message>
      <source>Shape and dtype of the first tensor in it.</source>
      <translation>Form und dtype des ersten Tensors darin.</translation>
    </message>
    <message>
      <source>Shape and type, or the operator of scratch.</source>
      <translation>Form und Typ, oder der Operator des Hilfsspeichers.</translation>
    </message>
    <message>
      <source>Shared memory</source>
      <translation>Gemeinsamer Speicher</translation>
    </message>
    <message>
      <source>Show %1</source>
      <translation>%1 zeigen</translation>
    </message>
    <message>
      <source>Show %1 alone</source>
      <translation>Nur %1 zeigen</translation>
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
      <source>Show each of the %1</source>
      <translation>Jeden der %1 zeigen</translation>
    </message>
    <message>
      <source>Show everything</source>
      <translation>Alles zeigen</translation>
    </message>
    <message>
      <source>Show in &amp;file manager</source>
      <translation>Im &amp;Dateiverwalter zeigen</translation>
    </message>
    <message>
      <source>Show in the timeline</source>
      <translation>In der Zeitleiste zeigen</translation>
    </message>
    <message>
      <source>Show the whole run</source>
      <translation>Den ganzen Lauf zeigen</translation>
    </message>
    <message>
      <source>Show this layer alone</source>
      <translation>Nur diese Schicht zeigen</translation>
    </message>
    <message>
      <source>Shows blocks of at least this size: a number with B, KiB, MiB, GiB or TiB.</source>
      <translation>Zeigt Blöcke von mindestens dieser Größe: eine Zahl mit B, KiB, MiB, GiB oder TiB.</translation>
    </message>
    <message>
      <source>Shows this layer and those below it.</source>
      <translation>Zeigt diese Schicht und die darunter.</translation>
    </message>
    <message>
      <source>Shows what has this in its tensor's, layer's, operator's or source line's text.</source>
      <translation>Zeigt, was dies im Text von Tensor, Schicht, Operator oder Quellzeile hat.</translation>
    </message>
    <message>
      <source>Since it was started.</source>
      <translation>Seit er gestartet wurde.</translation>
    </message>
    <message>
      <source>Since the run's start, on the host.</source>
      <translation>Seit dem Anfang des Laufs, auf dem Host.</translation>
    </message>
    <message>
      <source>Size</source>
      <translation>Größe</translation>
    </message>
    <message>
      <source>Sorting…</source>
      <translation>Wird sortiert …</translation>
    </message>
    <message>
      <source>Start pa&amp;ge</source>
      <translation>Start&amp;seite</translation>
    </message>
    <message>
      <source>State</source>
      <translation>Zustand</translation>
    </message>
    <message>
      <source>Step</source>
      <translation>Schritt</translation>
    </message>
    <message>
      <source>Steps</source>
      <translation>Schritte</translation>
    </message>
    <message>
      <source>Still chosen: %1</source>
      <translation>Weiter gewählt: %1</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>Anhalten</translation>
    </message>
    <message>
      <source>Stream</source>
      <translation>Stream</translation>
    </message>
    <message>
      <source>System</source>
      <translation>System</translation>
    </message>
    <message>
      <source>Tables of the runs</source>
      <translation>Tabellen der Läufe</translation>
    </message>
    <message>
      <source>Take it out of this list; its recording stays (Delete)</source>
      <translation>Aus dieser Liste nehmen; die Aufzeichnung bleibt (Entf)</translation>
    </message>
    <message>
      <source>Taken by others</source>
      <translation>Von anderen belegt</translation>
    </message>
    <message>
      <source>Tensor</source>
      <translation>Tensor</translation>
    </message>
    <message>
      <source>Tensor %1</source>
      <translation>Tensor %1</translation>
    </message>
    <message>
      <source>Tensor, layer, operator, line</source>
      <translation>Tensor, Schicht, Operator, Zeile</translation>
    </message>
    <message>
      <source>Tensors</source>
      <translation>Tensoren</translation>
    </message>
    <message>
      <source>Tensors that came, went or changed</source>
      <translation>Tensoren, die kamen, gingen oder sich änderten</translation>
    </message>
    <message>
      <source>That allocated it.</source>
      <translation>Der es belegte.</translation>
    </message>
    <message>
      <source>That allocated the smallest block.</source>
      <translation>Der den kleinsten Block belegte.</translation>
    </message>
    <message>
      <source>That keeps keys and values, or a state.</source>
      <translation>Die Keys und Values hält, oder einen Zustand.</translation>
    </message>
    <message>
      <source>That made it.</source>
      <translation>Der es machte.</translation>
    </message>
    <message>
      <source>That one more token of one sequence costs this layer.</source>
      <translation>Was ein weiteres Token einer Sequenz diese Schicht kostet.</translation>
    </message>
    <message>
      <source>That ran on the device.</source>
      <translation>Die auf dem Gerät liefen.</translation>
    </message>
    <message>
      <source>The allocator's own account</source>
      <translation>Die eigene Rechnung des Allokators</translation>
    </message>
    <message>
      <source>The allocator's private pool, as of a CUDA graph; 0 is the common one.</source>
      <translation>Der private Pool des Allokators, etwa eines CUDA-Graphen; 0 ist der gemeinsame.</translation>
    </message>
    <message>
      <source>The baseline is not loaded: choose another by the ring in front of its name.</source>
      <translation>Die Vergleichsbasis ist nicht geladen: eine andere wählen, am Ring vor dem Namen.</translation>
    </message>
    <message>
      <source>The cache after each step</source>
      <translation>Der Cache nach jedem Schritt</translation>
    </message>
    <message>
      <source>The cache after each step, and the peak within each</source>
      <translation>Der Cache nach jedem Schritt, und die Spitze in jedem</translation>
    </message>
    <message>
      <source>The change of what there was before.</source>
      <translation>Die Änderung gegenüber dem, was vorher da war.</translation>
    </message>
    <message>
      <source>The change, of the largest of all.</source>
      <translation>Die Änderung, gemessen an der größten.</translation>
    </message>
    <message>
      <source>The command is on the clipboard.</source>
      <translation>Der Befehl liegt in der Zwischenablage.</translation>
    </message>
    <message>
      <source>The current one</source>
      <translation>Der aktuelle</translation>
    </message>
    <message>
      <source>The current one: %1</source>
      <translation>Der aktuelle: %1</translation>
    </message>
    <message>
      <source>The current run's own settings once more</source>
      <translation>Noch einmal mit den Einstellungen des aktuellen Laufs</translation>
    </message>
    <message>
      <source>The device's stream, in order of first use; 0 is the default one.</source>
      <translation>Der Stream des Geräts, in der Reihenfolge der ersten Benutzung; 0 ist der voreingestellte.</translation>
    </message>
    <message>
      <source>The driver saw no work.</source>
      <translation>Der Treiber sah keine Arbeit.</translation>
    </message>
    <message>
      <source>The environment comes before what is chosen here.</source>
      <translation>Die Umgebung geht dem vor, was hier gewählt ist.</translation>
    </message>
    <message>
      <source>The event that allocated it.</source>
      <translation>Das Ereignis, das es belegte.</translation>
    </message>
    <message>
      <source>The event that freed it, or how many there are.</source>
      <translation>Das Ereignis, das es freigab, oder wie viele es gibt.</translation>
    </message>
    <message>
      <source>The events of this run were not timed.</source>
      <translation>Die Ereignisse dieses Laufs haben keine Zeiten.</translation>
    </message>
    <message>
      <source>The filter shows no layer.</source>
      <translation>Der Filter zeigt keine Schicht.</translation>
    </message>
    <message>
      <source>The filter shows none of %1 blocks.</source>
      <translation>Der Filter zeigt keinen von %1 Blöcken.</translation>
    </message>
    <message>
      <source>The filter shows none.</source>
      <translation>Der Filter zeigt keinen.</translation>
    </message>
    <message>
      <source>The first has no optimizer state yet</source>
      <translation>Der erste hat noch keinen Optimizer-Zustand</translation>
    </message>
    <message>
      <source>The innermost layer that ran when it was allocated; sorted in the order of the model.</source>
      <translation>Die innerste Schicht, die bei der Belegung lief; sortiert in der Reihenfolge des Modells.</translation>
    </message>
    <message>
      <source>The instant after this event.</source>
      <translation>Der Zeitpunkt nach diesem Ereignis.</translation>
    </message>
    <message>
      <source>The keys of the view that is shown stand in its help (F1).</source>
      <translation>Die Tasten der gezeigten Ansicht stehen in ihrer Hilfe (F1).</translation>
    </message>
    <message>
      <source>The library that asked the driver for memory.</source>
      <translation>Die Bibliothek, die den Treiber um Speicher bat.</translation>
    </message>
    <message>
      <source>The map is being drawn.</source>
      <translation>Die Karte wird gezeichnet.</translation>
    </message>
    <message>
      <source>The memory tables of `headroom reproduce mhe`, as far as these runs say: training figures are of runs that train, inference of a forward pass. In brackets what is saved against the baseline.</source>
      <translation>Die Speichertabellen von `headroom reproduce mhe`, soweit diese Läufe sie hergeben: Zahlen zum Training stammen von Läufen, die trainieren, die zur Inferenz von einem Vorwärtslauf. In Klammern die Ersparnis gegenüber der Basis.</translation>
    </message>
    <message>
      <source>The model</source>
      <translation>Das Modell</translation>
    </message>
    <message>
      <source>The model's own, int8 with scales, or fp8</source>
      <translation>Die des Modells, int8 mit Skalen, oder fp8</translation>
    </message>
    <message>
      <source>The most alive at once in the last step.</source>
      <translation>Was im letzten Schritt höchstens zugleich lebte.</translation>
    </message>
    <message>
      <source>The most bytes allocated at once in a virtual run of it.</source>
      <translation>Die Bytes, die in einem virtuellen Lauf davon höchstens zugleich belegt waren.</translation>
    </message>
    <message>
      <source>The most bytes allocated at once.</source>
      <translation>Die Bytes, die höchstens zugleich belegt waren.</translation>
    </message>
    <message>
      <source>The most bytes that the allocator took from the GPU.</source>
      <translation>Die Bytes, die der Allokator höchstens von der GPU nahm.</translation>
    </message>
    <message>
      <source>The most of its temporaries at once, over the run; of several layers the largest.</source>
      <translation>Das Meiste an Temporärem zugleich, im ganzen Lauf; von mehreren Schichten das größte.</translation>
    </message>
    <message>
      <source>The most that it holds at once in forward and backward, without parameters and gradients.</source>
      <translation>Was sie in forward und backward höchstens zugleich hält, ohne Parameter und Gradienten.</translation>
    </message>
    <message>
      <source>The most that the allocator had reserved of the device.</source>
      <translation>Was der Allokator höchstens vom Gerät reserviert hatte.</translation>
    </message>
    <message>
      <source>The most that the norm of all gradients may be</source>
      <translation>Wie groß die Norm aller Gradienten höchstens sein darf</translation>
    </message>
    <message>
      <source>The most that they reserve.</source>
      <translation>Was sie höchstens reservieren.</translation>
    </message>
    <message>
      <source>The one beside the viewer, else the one in PATH</source>
      <translation>Das neben dem Viewer, sonst das im PATH</translation>
    </message>
    <message>
      <source>The operator that asked for it.</source>
      <translation>Der Operator, der es verlangte.</translation>
    </message>
    <message>
      <source>The peak</source>
      <translation>Die Spitze</translation>
    </message>
    <message>
      <source>The peak within each step</source>
      <translation>Die Spitze in jedem Schritt</translation>
    </message>
    <message>
      <source>The peak, event %1</source>
      <translation>Die Spitze, Ereignis %1</translation>
    </message>
    <message>
      <source>The profiler knew it when it was made. %1</source>
      <translation>Der Profiler kannte es, als es entstand. %1</translation>
    </message>
    <message>
      <source>The program headroom</source>
      <translation>Das Programm headroom</translation>
    </message>
    <message>
      <source>The program headroom, which runs models, is neither in %1 nor in PATH. It can be chosen, or HEADROOM_PROGRAM can name it.</source>
      <translation>Das Programm headroom, das Modelle ausführt, ist weder in %1 noch im PATH. Es lässt sich wählen, oder HEADROOM_PROGRAM nennt es.</translation>
    </message>
    <message>
      <source>The program's line that asked for it; empty where lines were not recorded.</source>
      <translation>Die Zeile des Programms, die es verlangte; leer, wo Zeilen nicht aufgezeichnet wurden.</translation>
    </message>
    <message>
      <source>The recording cannot be kept in %1.</source>
      <translation>Die Aufzeichnung lässt sich in %1 nicht aufbewahren.</translation>
    </message>
    <message>
      <source>The replay of the recorded settings is not faithful, so nothing is said to be saved: %1.</source>
      <translation>Die Wiederholung der aufgezeichneten Einstellungen stimmt nicht überein, also wird keine Ersparnis behauptet: %1.</translation>
    </message>
    <message>
      <source>The run could not be made: %1</source>
      <translation>Der Lauf konnte nicht gemacht werden: %1</translation>
    </message>
    <message>
      <source>The run has said nothing.</source>
      <translation>Der Lauf hat nichts gesagt.</translation>
    </message>
    <message>
      <source>The run is made again with all its events, and opens when it is done.</source>
      <translation>Der Lauf wird mit allen Ereignissen noch einmal gemacht und öffnet sich, wenn er fertig ist.</translation>
    </message>
    <message>
      <source>The run is still being read.</source>
      <translation>Der Lauf wird noch gelesen.</translation>
    </message>
    <message>
      <source>The run is still being read…</source>
      <translation>Der Lauf wird noch gelesen …</translation>
    </message>
    <message>
      <source>The runs differ in more than their attention: %1.</source>
      <translation>Die Läufe unterscheiden sich in mehr als ihrer Attention: %1.</translation>
    </message>
    <message>
      <source>The runs differ in their attention alone, or in nothing that was asked for.</source>
      <translation>Die Läufe unterscheiden sich nur in ihrer Attention, oder in nichts, was verlangt wurde.</translation>
    </message>
    <message>
      <source>The runs fail: %1</source>
      <translation>Die Läufe scheitern: %1</translation>
    </message>
    <message>
      <source>The same once more</source>
      <translation>Dasselbe noch einmal</translation>
    </message>
    <message>
      <source>The same requests with other settings</source>
      <translation>Dieselben Anforderungen mit anderen Einstellungen</translation>
    </message>
    <message>
      <source>The smallest block in it that is live.</source>
      <translation>Der kleinste Block darin, der lebt.</translation>
    </message>
    <message>
      <source>The vertical axis ends at the highest that is seen.</source>
      <translation>Die senkrechte Achse endet beim Höchsten, das zu sehen ist.</translation>
    </message>
    <message>
      <source>The view &lt;i&gt;What fits&lt;/i&gt; finds the batch and the sequence length that do fit.</source>
      <translation>Die Ansicht &lt;i&gt;Was passt&lt;/i&gt; findet den Batch und die Sequenzlänge, die passen.</translation>
    </message>
    <message>
      <source>The viewer shows recordings. Runs are made by the program headroom, in processes of their own, so that nothing they do can harm what is open.</source>
      <translation>Der Viewer zeigt Aufzeichnungen. Läufe macht das Programm headroom, in eigenen Prozessen, sodass nichts davon schaden kann, was offen ist.</translation>
    </message>
    <message>
      <source>The virtual GPU</source>
      <translation>Die virtuelle GPU</translation>
    </message>
    <message>
      <source>The virtual GPU of the run.</source>
      <translation>Die virtuelle GPU des Laufs.</translation>
    </message>
    <message>
      <source>The weights of the model.</source>
      <translation>Die Gewichte des Modells.</translation>
    </message>
    <message>
      <source>There is no file %1.</source>
      <translation>Es gibt keine Datei %1.</translation>
    </message>
    <message>
      <source>This machine's GPU</source>
      <translation>Die GPU dieses Rechners</translation>
    </message>
    <message>
      <source>This machine's processor</source>
      <translation>Der Prozessor dieses Rechners</translation>
    </message>
    <message>
      <source>This run allocated nothing.</source>
      <translation>Dieser Lauf hat nichts belegt.</translation>
    </message>
    <message>
      <source>This run could not be read: %1</source>
      <translation>Dieser Lauf ließ sich nicht lesen: %1</translation>
    </message>
    <message>
      <source>This run has no KV cache: it did not generate. headroom profile --mode generate records one.</source>
      <translation>Dieser Lauf hat keinen KV-Cache: Er hat nichts generiert. headroom profile --mode generate zeichnet einen auf.</translation>
    </message>
    <message>
      <source>This run recorded no layers.</source>
      <translation>Dieser Lauf hat keine Schichten aufgezeichnet.</translation>
    </message>
    <message>
      <source>This viewer is of version %1.</source>
      <translation>Dieser Viewer ist von Fassung %1.</translation>
    </message>
    <message>
      <source>Those that run and those that wait</source>
      <translation>Die laufenden und die wartenden</translation>
    </message>
    <message>
      <source>Threads of a block.</source>
      <translation>Threads eines Blocks.</translation>
    </message>
    <message>
      <source>Time</source>
      <translation>Zeit</translation>
    </message>
    <message>
      <source>Time between its allocation and its free, on the host's clock; to the run's end where it was never freed.</source>
      <translation>Zeit zwischen Belegung und Freigabe, nach der Uhr des Hosts; bis zum Ende des Laufs, wo es nie freigegeben wurde.</translation>
    </message>
    <message>
      <source>Time in ns</source>
      <translation>Zeit in ns</translation>
    </message>
    <message>
      <source>Timeline</source>
      <translation>Zeitleiste</translation>
    </message>
    <message>
      <source>Times</source>
      <translation>Anzahl</translation>
    </message>
    <message>
      <source>To and from a real GPU's memory; needs privileges</source>
      <translation>Zum und vom Speicher einer wirklichen GPU; braucht Rechte</translation>
    </message>
    <message>
      <source>Token ids, labels and masks fed to the model.</source>
      <translation>Token-Nummern, Labels und Masken, die das Modell bekommt.</translation>
    </message>
    <message>
      <source>Tokens of a page</source>
      <translation>Token je Seite</translation>
    </message>
    <message>
      <source>Tokens per sequence.</source>
      <translation>Token je Sequenz.</translation>
    </message>
    <message>
      <source>Tokens per sequence; in generation those of the prompt</source>
      <translation>Token je Sequenz; beim Generieren die des Prompts</translation>
    </message>
    <message>
      <source>Tokens whose logits exist at once; 0: all of them</source>
      <translation>Token, deren Logits zugleich da sind; 0: alle</translation>
    </message>
    <message>
      <source>Tracing</source>
      <translation>Verfolgen</translation>
    </message>
    <message>
      <source>Training</source>
      <translation>Training</translation>
    </message>
    <message>
      <source>Training peak</source>
      <translation>Spitze des Trainings</translation>
    </message>
    <message>
      <source>Treemap</source>
      <translation>Treemap</translation>
    </message>
    <message>
      <source>Type what you want to do, see or open</source>
      <translation>Was soll getan, gezeigt oder geöffnet werden?</translation>
    </message>
    <message>
      <source>Use this program</source>
      <translation>Dieses Programm benutzen</translation>
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
      <source>What a context and other processes take: 600MiB, 1.5GiB</source>
      <translation>Was ein Kontext und andere Prozesse belegen: 600MiB, 1.5GiB</translation>
    </message>
    <message>
      <source>What a step does</source>
      <translation>Was ein Schritt tut</translation>
    </message>
    <message>
      <source>What a step does: train, a forward pass alone, or generate text</source>
      <translation>Was ein Schritt tut: trainieren, nur ein Vorwärtslauf, oder Text generieren</translation>
    </message>
    <message>
      <source>What decides the run.</source>
      <translation>Was den Lauf bestimmt.</translation>
    </message>
    <message>
      <source>What each layer took, whenever that was. Sums over the layers of a row; where a column says “most”, the largest of them.</source>
      <translation>Was jede Schicht brauchte, wann immer das war. Summen über die Schichten einer Zeile; wo eine Spalte „höchstens“ sagt, die größte davon.</translation>
    </message>
    <message>
      <source>What each run takes, and saves against the baseline.</source>
      <translation>Was jeder Lauf braucht und gegenüber der Basis erspart.</translation>
    </message>
    <message>
      <source>What fits</source>
      <translation>Was passt</translation>
    </message>
    <message>
      <source>What fits is found by running a model with other sizes. %1 is a program of your own: start it with other sizes to see.</source>
      <translation>Was passt, zeigt sich, wenn ein Modell mit anderen Größen läuft. %1 ist ein eigenes Programm: es mit anderen Größen starten, um es zu sehen.</translation>
    </message>
    <message>
      <source>What fits, by batch and sequence length</source>
      <translation>Was passt, nach Batch und Sequenzlänge</translation>
    </message>
    <message>
      <source>What fits…</source>
      <translation>Was passt …</translation>
    </message>
    <message>
      <source>What is chosen</source>
      <translation>Was gewählt ist</translation>
    </message>
    <message>
      <source>What is counted.</source>
      <translation>Was gezählt wird.</translation>
    </message>
    <message>
      <source>What is recorded beside the allocator: kernels, copies</source>
      <translation>Was neben dem Allokator aufgezeichnet wird: Kernel, Kopien</translation>
    </message>
    <message>
      <source>What is reserved and in no block.</source>
      <translation>Was reserviert ist und in keinem Block.</translation>
    </message>
    <message>
      <source>What is wrong with the filter</source>
      <translation>Was am Filter nicht stimmt</translation>
    </message>
    <message>
      <source>What it allocated until then is shown.</source>
      <translation>Was er bis dahin belegte, wird gezeigt.</translation>
    </message>
    <message>
      <source>What it is for.</source>
      <translation>Wofür es ist.</translation>
    </message>
    <message>
      <source>What its process last said; of one that failed, why.</source>
      <translation>Was sein Prozess zuletzt sagte; von einem gescheiterten, warum.</translation>
    </message>
    <message>
      <source>What its recording is called.</source>
      <translation>Wie seine Aufzeichnung heißt.</translation>
    </message>
    <message>
      <source>What other settings of the allocator would reserve is not known of this run. This makes its requests again with others and keeps the answers in the recording:
%1</source>
      <translation>Was andere Einstellungen des Allokators reservieren würden, ist von diesem Lauf nicht bekannt. Dies wiederholt seine Anforderungen mit anderen und legt die Antworten in die Aufzeichnung:
%1</translation>
    </message>
    <message>
      <source>What the allocator gave.</source>
      <translation>Was der Allokator gab.</translation>
    </message>
    <message>
      <source>What the allocator reserved in one piece.</source>
      <translation>Was der Allokator am Stück reserviert hat.</translation>
    </message>
    <message>
      <source>What the block holds beyond what was asked for.</source>
      <translation>Was der Block über das Verlangte hinaus enthält.</translation>
    </message>
    <message>
      <source>What the block was for.</source>
      <translation>Wofür der Block war.</translation>
    </message>
    <message>
      <source>What the bytes of this category changed by.</source>
      <translation>Um wie viel sich die Bytes dieser Kategorie änderten.</translation>
    </message>
    <message>
      <source>What the first self-attention leaves for backward in a training step; its input is not counted.</source>
      <translation>Was die erste Self-Attention in einem Trainingsschritt für backward hinterlässt; ihre Eingabe zählt nicht mit.</translation>
    </message>
    <message>
      <source>What the numbers rest on</source>
      <translation>Worauf die Zahlen beruhen</translation>
    </message>
    <message>
      <source>What the optimizer keeps between steps, such as Adam's two moments.</source>
      <translation>Was der Optimizer zwischen den Schritten behält, wie die zwei Momente von Adam.</translation>
    </message>
    <message>
      <source>What the optimizer keeps for its parameters between steps.</source>
      <translation>Was der Optimizer zwischen den Schritten für seine Parameter behält.</translation>
    </message>
    <message>
      <source>What the program asked for and still holds.</source>
      <translation>Was das Programm verlangte und noch hält.</translation>
    </message>
    <message>
      <source>What the program was in.</source>
      <translation>Worin das Programm gerade war.</translation>
    </message>
    <message>
      <source>What the run has written</source>
      <translation>Was der Lauf geschrieben hat</translation>
    </message>
    <message>
      <source>What the run is called; the baseline is marked.</source>
      <translation>Wie der Lauf heißt; die Basis ist bezeichnet.</translation>
    </message>
    <message>
      <source>What the table shows</source>
      <translation>Was die Tabelle zeigt</translation>
    </message>
    <message>
      <source>What they reserve where the recording reserves most.</source>
      <translation>Was sie reservieren, wo die Aufzeichnung am meisten reserviert.</translation>
    </message>
    <message>
      <source>What those blocks are larger than was asked for.</source>
      <translation>Um was diese Blöcke größer sind als verlangt.</translation>
    </message>
    <message>
      <source>What updates the parameters</source>
      <translation>Was die Parameter fortschreibt</translation>
    </message>
    <message>
      <source>What was asked for and where it ran are the same.</source>
      <translation>Was verlangt wurde und wo es lief, ist gleich.</translation>
    </message>
    <message>
      <source>What was asked for.</source>
      <translation>Was verlangt wurde.</translation>
    </message>
    <message>
      <source>What was changed.</source>
      <translation>Was geändert wurde.</translation>
    </message>
    <message>
      <source>What was in memory at the peak</source>
      <translation>Was in der Spitze im Speicher lag</translation>
    </message>
    <message>
      <source>What was recorded equals every closed form that this run has a number for.</source>
      <translation>Das Aufgezeichnete gleicht jeder geschlossenen Formel, für die dieser Lauf eine Zahl hat.</translation>
    </message>
    <message>
      <source>What went wrong</source>
      <translation>Was misslang</translation>
    </message>
    <message>
      <source>What would have to go</source>
      <translation>Was weichen müsste</translation>
    </message>
    <message>
      <source>Where CUPTI cannot trace, the run fails</source>
      <translation>Wo CUPTI nichts verfolgen kann, scheitert der Lauf</translation>
    </message>
    <message>
      <source>Where headroom is, which makes runs</source>
      <translation>Wo headroom ist, das Läufe macht</translation>
    </message>
    <message>
      <source>Where headroom is; whether it works</source>
      <translation>Wo headroom ist; ob es arbeitet</translation>
    </message>
    <message>
      <source>Where it lies.</source>
      <translation>Wo er liegt.</translation>
    </message>
    <message>
      <source>Where the block lies in the device's memory.</source>
      <translation>Wo der Block im Speicher des Geräts liegt.</translation>
    </message>
    <message>
      <source>Where the bytes per token are from.</source>
      <translation>Woher die Bytes je Token stammen.</translation>
    </message>
    <message>
      <source>Where the peak is</source>
      <translation>Wo die Spitze ist</translation>
    </message>
    <message>
      <source>Whether it is at one of the peaks only, or differs between them.</source>
      <translation>Ob es nur in einer der Spitzen ist oder sich unterscheidet.</translation>
    </message>
    <message>
      <source>Which batch and sequence length fit on which GPU</source>
      <translation>Welcher Batch und welche Sequenzlänge auf welche GPU passen</translation>
    </message>
    <message>
      <source>Whose gradients are summed before the optimizer steps</source>
      <translation>Deren Gradienten summiert werden, bevor der Optimizer rechnet</translation>
    </message>
    <message>
      <source>Whose it is.</source>
      <translation>Wem es gehört.</translation>
    </message>
    <message>
      <source>Width</source>
      <translation>Breite</translation>
    </message>
    <message>
      <source>With the layers &amp;below</source>
      <translation>Mit den Schichten &amp;darunter</translation>
    </message>
    <message>
      <source>With the layers below it.</source>
      <translation>Mit den Schichten darunter.</translation>
    </message>
    <message>
      <source>Without this method</source>
      <translation>Ohne dieses Verfahren</translation>
    </message>
    <message>
      <source>Work by layer and phase</source>
      <translation>Arbeit nach Schicht und Phase</translation>
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
      <source>Zoom in</source>
      <translation>Vergrößern</translation>
    </message>
    <message>
      <source>Zoom out</source>
      <translation>Verkleinern</translation>
    </message>
    <message>
      <source>a token of one sequence, by its closed form</source>
      <translation>je Token einer Sequenz, nach der geschlossenen Formel</translation>
    </message>
    <message>
      <source>a virtual run is being made …</source>
      <translation>ein virtueller Lauf wird gemacht …</translation>
    </message>
    <message>
      <source>no sign of life for %1 s; any change here ends that run and asks again</source>
      <translation>seit %1 s kein Lebenszeichen; jede Änderung hier beendet diesen Lauf und fragt neu</translation>
    </message>
    <message>
      <source>activations</source>
      <translation>Aktivierungen</translation>
    </message>
    <message>
      <source>adding up</source>
      <translation>zählt zusammen</translation>
    </message>
    <message>
      <source>address</source>
      <translation>Adresse</translation>
    </message>
    <message>
      <source>after event %1, %2</source>
      <translation>nach Ereignis %1, %2</translation>
    </message>
    <message>
      <source>all</source>
      <translation>alles</translation>
    </message>
    <message>
      <source>all layers</source>
      <translation>alle Schichten</translation>
    </message>
    <message>
      <source>all of the device</source>
      <translation>alles auf dem Gerät</translation>
    </message>
    <message>
      <source>all of them are not enough</source>
      <translation>alle zusammen reichen nicht</translation>
    </message>
    <message>
      <source>all that is live</source>
      <translation>alles, was lebt</translation>
    </message>
    <message>
      <source>allocated</source>
      <translation>belegt</translation>
    </message>
    <message>
      <source>allocated at the end</source>
      <translation>am Ende belegt</translation>
    </message>
    <message>
      <source>allocates %1: %2</source>
      <translation>belegt %1: %2</translation>
    </message>
    <message>
      <source>allocator settings</source>
      <translation>Allokator-Einstellungen</translation>
    </message>
    <message>
      <source>alone not enough</source>
      <translation>allein nicht genug</translation>
    </message>
    <message>
      <source>amp-* means fp32 parameters under autocast</source>
      <translation>amp-* heißt fp32-Parameter unter autocast</translation>
    </message>
    <message>
      <source>and %1 more layers</source>
      <translation>und %1 weitere Schichten</translation>
    </message>
    <message>
      <source>and %1 more rows</source>
      <translation>und %1 weitere Zeilen</translation>
    </message>
    <message>
      <source>and %1 more segments</source>
      <translation>und %1 weitere Segmente</translation>
    </message>
    <message>
      <source>as before</source>
      <translation>wie vorher</translation>
    </message>
    <message>
      <source>as recorded</source>
      <translation>wie aufgezeichnet</translation>
    </message>
    <message>
      <source>as recorded, differs from the closed form</source>
      <translation>wie aufgezeichnet, anders als die geschlossene Formel</translation>
    </message>
    <message>
      <source>as recorded, equals the closed form</source>
      <translation>wie aufgezeichnet, gleich der geschlossenen Formel</translation>
    </message>
    <message>
      <source>as the device has it</source>
      <translation>wie es das Gerät hat</translation>
    </message>
    <message>
      <source>at %1</source>
      <translation>bei %1</translation>
    </message>
    <message>
      <source>at least 1 MiB</source>
      <translation>ab 1 MiB</translation>
    </message>
    <message>
      <source>at the peak</source>
      <translation>in der Spitze</translation>
    </message>
    <message>
      <source>at the peak, %1</source>
      <translation>in der Spitze, %1</translation>
    </message>
    <message>
      <source>at the recorded peak</source>
      <translation>in der aufgezeichneten Spitze</translation>
    </message>
    <message>
      <source>baseline</source>
      <translation>Basis</translation>
    </message>
    <message>
      <source>batch %1 × seq %2</source>
      <translation>Batch %1 × Sequenz %2</translation>
    </message>
    <message>
      <source>batch %1 × seq %2 is being run …</source>
      <translation>Batch %1 × Sequenz %2 wird ausgeführt …</translation>
    </message>
    <message>
      <source>batch %1 × seq %2 was not run yet.</source>
      <translation>Batch %1 × Sequenz %2 wurde noch nicht ausgeführt.</translation>
    </message>
    <message>
      <source>before the first event</source>
      <translation>vor dem ersten Ereignis</translation>
    </message>
    <message>
      <source>being read again</source>
      <translation>wird neu gelesen</translation>
    </message>
    <message>
      <source>below the peak</source>
      <translation>unter der Spitze</translation>
    </message>
    <message>
      <source>block</source>
      <translation>Block</translation>
    </message>
    <message>
      <source>block: of each block only the input is kept, and the rest is computed again in backward</source>
      <translation>block: von jedem Block bleibt nur die Eingabe, der Rest wird in backward neu gerechnet</translation>
    </message>
    <message>
      <source>blocks</source>
      <translation>Blöcke</translation>
    </message>
    <message>
      <source>blocks alive</source>
      <translation>lebende Blöcke</translation>
    </message>
    <message>
      <source>blocks and gaps</source>
      <translation>Blöcke und Lücken</translation>
    </message>
    <message>
      <source>bwd</source>
      <translation>bwd</translation>
    </message>
    <message>
      <source>by closed form</source>
      <translation>nach geschlossener Formel</translation>
    </message>
    <message>
      <source>by name</source>
      <translation>nach Namen</translation>
    </message>
    <message>
      <source>bytes</source>
      <translation>Bytes</translation>
    </message>
    <message>
      <source>came</source>
      <translation>gekommen</translation>
    </message>
    <message>
      <source>cancelled</source>
      <translation>abgebrochen</translation>
    </message>
    <message>
      <source>category</source>
      <translation>Kategorie</translation>
    </message>
    <message>
      <source>changed</source>
      <translation>geändert</translation>
    </message>
    <message>
      <source>checkpointed</source>
      <translation>mit Checkpointing</translation>
    </message>
    <message>
      <source>chosen here</source>
      <translation>hier gewählt</translation>
    </message>
    <message>
      <source>compute capability</source>
      <translation>Compute Capability</translation>
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
      <source>current run</source>
      <translation>aktueller Lauf</translation>
    </message>
    <message>
      <source>dec</source>
      <translation>dec</translation>
    </message>
    <message>
      <source>default</source>
      <translation>Vorgabe</translation>
    </message>
    <message>
      <source>default: %1</source>
      <translation>Vorgabe: %1</translation>
    </message>
    <message>
      <source>depth</source>
      <translation>Tiefe</translation>
    </message>
    <message>
      <source>device</source>
      <translation>Gerät</translation>
    </message>
    <message>
      <source>device in backward, most</source>
      <translation>Gerät in backward, höchstens</translation>
    </message>
    <message>
      <source>device in forward, most</source>
      <translation>Gerät in forward, höchstens</translation>
    </message>
    <message>
      <source>device memory</source>
      <translation>Gerätespeicher</translation>
    </message>
    <message>
      <source>device memory %1</source>
      <translation>Gerätespeicher %1</translation>
    </message>
    <message>
      <source>dotted: not run</source>
      <translation>gepunktet: nicht ausgeführt</translation>
    </message>
    <message>
      <source>driver</source>
      <translation>Treiber</translation>
    </message>
    <message>
      <source>driver calls</source>
      <translation>Treiberaufrufe</translation>
    </message>
    <message>
      <source>dtype</source>
      <translation>dtype</translation>
    </message>
    <message>
      <source>dynamic: a new block each token; static: room for all tokens at once; paged: page after page</source>
      <translation>dynamic: je Token ein neuer Block; static: sofort Platz für alle Token; paged: Seite um Seite</translation>
    </message>
    <message>
      <source>end</source>
      <translation>Ende</translation>
    </message>
    <message>
      <source>enough</source>
      <translation>genug</translation>
    </message>
    <message>
      <source>even in one piece they would not have held the %1 asked for.</source>
      <translation>auch am Stück hätten sie die verlangten %1 nicht gefasst.</translation>
    </message>
    <message>
      <source>event</source>
      <translation>Ereignis</translation>
    </message>
    <message>
      <source>events</source>
      <translation>Ereignisse</translation>
    </message>
    <message>
      <source>failed</source>
      <translation>gescheitert</translation>
    </message>
    <message>
      <source>failed at %1</source>
      <translation>gescheitert bei %1</translation>
    </message>
    <message>
      <source>failed: %1</source>
      <translation>gescheitert: %1</translation>
    </message>
    <message>
      <source>figure</source>
      <translation>Zahl</translation>
    </message>
    <message>
      <source>file</source>
      <translation>Datei</translation>
    </message>
    <message>
      <source>first event</source>
      <translation>erstes Ereignis</translation>
    </message>
    <message>
      <source>fits</source>
      <translation>passt</translation>
    </message>
    <message>
      <source>fold again</source>
      <translation>wieder falten</translation>
    </message>
    <message>
      <source>fold equal blocks</source>
      <translation>gleiche Blöcke falten</translation>
    </message>
    <message>
      <source>found beside the viewer</source>
      <translation>neben dem Viewer gefunden</translation>
    </message>
    <message>
      <source>found in PATH</source>
      <translation>im PATH gefunden</translation>
    </message>
    <message>
      <source>free</source>
      <translation>frei</translation>
    </message>
    <message>
      <source>free, in empty segments</source>
      <translation>frei, in leeren Segmenten</translation>
    </message>
    <message>
      <source>free, in pinned segments</source>
      <translation>frei, in festgehaltenen Segmenten</translation>
    </message>
    <message>
      <source>freed</source>
      <translation>freigegeben</translation>
    </message>
    <message>
      <source>freed, other streams use it</source>
      <translation>freigegeben, andere Streams benutzen es</translation>
    </message>
    <message>
      <source>frees %1 of which no allocation is known</source>
      <translation>gibt %1 frei, deren Belegung nicht bekannt ist</translation>
    </message>
    <message>
      <source>frees %1: %2</source>
      <translation>gibt %1 frei: %2</translation>
    </message>
    <message>
      <source>from %1</source>
      <translation>aus %1</translation>
    </message>
    <message>
      <source>fwd</source>
      <translation>fwd</translation>
    </message>
    <message>
      <source>gives a segment of %1 back</source>
      <translation>gibt ein Segment von %1 zurück</translation>
    </message>
    <message>
      <source>gradients</source>
      <translation>Gradienten</translation>
    </message>
    <message>
      <source>hatched: not run, a smaller one did not fit</source>
      <translation>schraffiert: nicht ausgeführt, ein kleinerer passte nicht</translation>
    </message>
    <message>
      <source>headroom</source>
      <translation>headroom</translation>
    </message>
    <message>
      <source>headroom %1 works: a tiny run was made in %2 s.</source>
      <translation>headroom %1 arbeitet: Ein winziger Lauf wurde in %2 s gemacht.</translation>
    </message>
    <message>
      <source>headroom ended with exit code %1 and left no recording.</source>
      <translation>headroom endete mit Exit-Code %1 und hinterließ keine Aufzeichnung.</translation>
    </message>
    <message>
      <source>headroom was ended by a signal, %1.</source>
      <translation>headroom wurde durch ein Signal beendet, %1.</translation>
    </message>
    <message>
      <source>in one piece they would have held the %1 asked for. The view &lt;i&gt;Fragmentation&lt;/i&gt; shows what lies between them.</source>
      <translation>am Stück hätten sie die verlangten %1 gefasst. Die Ansicht &lt;i&gt;Fragmentierung&lt;/i&gt; zeigt, was dazwischen liegt.</translation>
    </message>
    <message>
      <source>in the %1</source>
      <translation>im %1</translation>
    </message>
    <message>
      <source>in the last step</source>
      <translation>im letzten Schritt</translation>
    </message>
    <message>
      <source>in the order they were opened</source>
      <translation>in der Reihenfolge, in der sie geöffnet wurden</translation>
    </message>
    <message>
      <source>inputs</source>
      <translation>Eingaben</translation>
    </message>
    <message>
      <source>instant: %1</source>
      <translation>Zeitpunkt: %1</translation>
    </message>
    <message>
      <source>its own attention</source>
      <translation>seine eigene Attention</translation>
    </message>
    <message>
      <source>its size</source>
      <translation>seine Größe</translation>
    </message>
    <message>
      <source>kept as %1</source>
      <translation>gehalten als %1</translation>
    </message>
    <message>
      <source>kept for backward</source>
      <translation>für backward gehalten</translation>
    </message>
    <message>
      <source>kernels ran for %1</source>
      <translation>Kernel liefen %1</translation>
    </message>
    <message>
      <source>kind</source>
      <translation>Art</translation>
    </message>
    <message>
      <source>largest gap</source>
      <translation>größte Lücke</translation>
    </message>
    <message>
      <source>last event</source>
      <translation>letztes Ereignis</translation>
    </message>
    <message>
      <source>layer</source>
      <translation>Schicht</translation>
    </message>
    <message>
      <source>lifetime</source>
      <translation>Lebensdauer</translation>
    </message>
    <message>
      <source>line</source>
      <translation>Zeile</translation>
    </message>
    <message>
      <source>live</source>
      <translation>lebend</translation>
    </message>
    <message>
      <source>live, as requested</source>
      <translation>lebend, wie angefordert</translation>
    </message>
    <message>
      <source>loading: %1</source>
      <translation>lädt: %1</translation>
    </message>
    <message>
      <source>made by %1</source>
      <translation>gemacht von %1</translation>
    </message>
    <message>
      <source>measured</source>
      <translation>gemessen</translation>
    </message>
    <message>
      <source>moment</source>
      <translation>Zeitpunkt</translation>
    </message>
    <message>
      <source>most allocated</source>
      <translation>höchstens belegt</translation>
    </message>
    <message>
      <source>most requested</source>
      <translation>höchstens angefordert</translation>
    </message>
    <message>
      <source>most reserved</source>
      <translation>höchstens reserviert</translation>
    </message>
    <message>
      <source>named by HEADROOM_PROGRAM</source>
      <translation>von HEADROOM_PROGRAM genannt</translation>
    </message>
    <message>
      <source>never</source>
      <translation>nie</translation>
    </message>
    <message>
      <source>never: it was alive when the run ended</source>
      <translation>nie: lebte noch am Ende des Laufs</translation>
    </message>
    <message>
      <source>next run</source>
      <translation>nächster Lauf</translation>
    </message>
    <message>
      <source>no layer is called that; choose one of the list</source>
      <translation>keine Schicht heißt so; eine aus der Liste wählen</translation>
    </message>
    <message>
      <source>no sign of life for %1 s; it can be cancelled</source>
      <translation>seit %1 s kein Lebenszeichen; er lässt sich abbrechen</translation>
    </message>
    <message>
      <source>none</source>
      <translation>keins</translation>
    </message>
    <message>
      <source>not at all</source>
      <translation>gar nicht</translation>
    </message>
    <message>
      <source>not found</source>
      <translation>nicht gefunden</translation>
    </message>
    <message>
      <source>not in this run</source>
      <translation>nicht in diesem Lauf</translation>
    </message>
    <message>
      <source>not known</source>
      <translation>nicht bekannt</translation>
    </message>
    <message>
      <source>not run</source>
      <translation>nicht ausgeführt</translation>
    </message>
    <message>
      <source>not run: a smaller one did not fit</source>
      <translation>nicht ausgeführt: ein kleinerer passte nicht</translation>
    </message>
    <message>
      <source>nothing</source>
      <translation>nichts</translation>
    </message>
    <message>
      <source>nothing: cached</source>
      <translation>nichts: gemerkt</translation>
    </message>
    <message>
      <source>numbers are</source>
      <translation>die Zahlen sind</translation>
    </message>
    <message>
      <source>of attention</source>
      <translation>Attention</translation>
    </message>
    <message>
      <source>of the device's %1</source>
      <translation>von %1 des Geräts</translation>
    </message>
    <message>
      <source>ok</source>
      <translation>ok</translation>
    </message>
    <message>
      <source>one of them is enough</source>
      <translation>einer davon reicht</translation>
    </message>
    <message>
      <source>one sequence</source>
      <translation>eine Sequenz</translation>
    </message>
    <message>
      <source>operator</source>
      <translation>Operator</translation>
    </message>
    <message>
      <source>opt</source>
      <translation>opt</translation>
    </message>
    <message>
      <source>optimizer state</source>
      <translation>Optimizer-Zustand</translation>
    </message>
    <message>
      <source>other</source>
      <translation>Sonstiges</translation>
    </message>
    <message>
      <source>other layers</source>
      <translation>andere Schichten</translation>
    </message>
    <message>
      <source>out of memory</source>
      <translation>Speicher erschöpft</translation>
    </message>
    <message>
      <source>out of memory at %1</source>
      <translation>Speicher erschöpft bei %1</translation>
    </message>
    <message>
      <source>out of memory: %1 asked for in %2, %3, with %4 free</source>
      <translation>Speicher erschöpft: %1 verlangt in %2, %3, bei %4 frei</translation>
    </message>
    <message>
      <source>out of memory: %1 were asked for, %2 were free</source>
      <translation>Speicher erschöpft: %1 wurden verlangt, %2 waren frei</translation>
    </message>
    <message>
      <source>out of memory: asked for %1</source>
      <translation>Speicher erschöpft: verlangt %1</translation>
    </message>
    <message>
      <source>parameters</source>
      <translation>Parameter</translation>
    </message>
    <message>
      <source>path</source>
      <translation>Pfad</translation>
    </message>
    <message>
      <source>peak %1</source>
      <translation>Spitze %1</translation>
    </message>
    <message>
      <source>peak allocated</source>
      <translation>Spitze belegt</translation>
    </message>
    <message>
      <source>peak requested</source>
      <translation>Spitze angefordert</translation>
    </message>
    <message>
      <source>peak reserved</source>
      <translation>Spitze reserviert</translation>
    </message>
    <message>
      <source>peak: %1</source>
      <translation>Spitze: %1</translation>
    </message>
    <message>
      <source>phase</source>
      <translation>Phase</translation>
    </message>
    <message>
      <source>phase of allocation</source>
      <translation>Phase der Belegung</translation>
    </message>
    <message>
      <source>pinned by</source>
      <translation>festgehalten von</translation>
    </message>
    <message>
      <source>pool</source>
      <translation>Pool</translation>
    </message>
    <message>
      <source>pre</source>
      <translation>pre</translation>
    </message>
    <message>
      <source>prefill</source>
      <translation>Prefill</translation>
    </message>
    <message>
      <source>private pool %1</source>
      <translation>privater Pool %1</translation>
    </message>
    <message>
      <source>re</source>
      <translation>re</translation>
    </message>
    <message>
      <source>reading</source>
      <translation>liest</translation>
    </message>
    <message>
      <source>recorded: %1</source>
      <translation>aufgezeichnet: %1</translation>
    </message>
    <message>
      <source>recorded: equal</source>
      <translation>aufgezeichnet: gleich</translation>
    </message>
    <message>
      <source>reported</source>
      <translation>gemeldet</translation>
    </message>
    <message>
      <source>requested</source>
      <translation>angefordert</translation>
    </message>
    <message>
      <source>requested for activations of the last step</source>
      <translation>angefordert für Aktivierungen des letzten Schritts</translation>
    </message>
    <message>
      <source>requested: %1</source>
      <translation>angefordert: %1</translation>
    </message>
    <message>
      <source>reserved</source>
      <translation>reserviert</translation>
    </message>
    <message>
      <source>reserved at the end</source>
      <translation>am Ende reserviert</translation>
    </message>
    <message>
      <source>reserved, at the most</source>
      <translation>reserviert, höchstens</translation>
    </message>
    <message>
      <source>reserves a segment of %1</source>
      <translation>reserviert ein Segment von %1</translation>
    </message>
    <message>
      <source>rounding</source>
      <translation>Rundung</translation>
    </message>
    <message>
      <source>rounding of live blocks</source>
      <translation>Rundung lebender Blöcke</translation>
    </message>
    <message>
      <source>running</source>
      <translation>läuft</translation>
    </message>
    <message>
      <source>saved</source>
      <translation>erspart</translation>
    </message>
    <message>
      <source>saved the session as %1</source>
      <translation>Sitzung gespeichert als %1</translation>
    </message>
    <message>
      <source>scratch</source>
      <translation>Hilfsspeicher</translation>
    </message>
    <message>
      <source>scratch of %1</source>
      <translation>Hilfsspeicher von %1</translation>
    </message>
    <message>
      <source>scratch that no tensor showed</source>
      <translation>Hilfsspeicher, den kein Tensor zeigte</translation>
    </message>
    <message>
      <source>segment</source>
      <translation>Segment</translation>
    </message>
    <message>
      <source>segment of %1 at %2</source>
      <translation>Segment von %1 bei %2</translation>
    </message>
    <message>
      <source>segments</source>
      <translation>Segmente</translation>
    </message>
    <message>
      <source>sequences per batch</source>
      <translation>Sequenzen je Batch</translation>
    </message>
    <message>
      <source>several smaller ones</source>
      <translation>mehrere kleinere</translation>
    </message>
    <message>
      <source>shape</source>
      <translation>Form</translation>
    </message>
    <message>
      <source>share</source>
      <translation>Anteil</translation>
    </message>
    <message>
      <source>shows %1 of %2 blocks at the peak, %3 of %4</source>
      <translation>zeigt %1 von %2 Blöcken in der Spitze, %3 von %4</translation>
    </message>
    <message>
      <source>shrank │ grew</source>
      <translation>kleiner │ größer</translation>
    </message>
    <message>
      <source>smallest peak first</source>
      <translation>kleinste Spitze zuerst</translation>
    </message>
    <message>
      <source>starting</source>
      <translation>startet</translation>
    </message>
    <message>
      <source>step</source>
      <translation>Schritt</translation>
    </message>
    <message>
      <source>step %1</source>
      <translation>Schritt %1</translation>
    </message>
    <message>
      <source>step %1 of %2, %3</source>
      <translation>Schritt %1 von %2, %3</translation>
    </message>
    <message>
      <source>stream</source>
      <translation>Stream</translation>
    </message>
    <message>
      <source>sum</source>
      <translation>Summe</translation>
    </message>
    <message>
      <source>temporaries</source>
      <translation>Temporäres</translation>
    </message>
    <message>
      <source>temporaries, most</source>
      <translation>Temporäres, höchstens</translation>
    </message>
    <message>
      <source>tensor</source>
      <translation>Tensor</translation>
    </message>
    <message>
      <source>that is the current run itself; choose another recording to compare it with</source>
      <translation>das ist der aktuelle Lauf selbst; zum Vergleich eine andere Aufzeichnung wählen</translation>
    </message>
    <message>
      <source>the axis does not start at 0</source>
      <translation>die Achse beginnt nicht bei 0</translation>
    </message>
    <message>
      <source>the common one</source>
      <translation>der gemeinsame</translation>
    </message>
    <message>
      <source>the default one</source>
      <translation>der voreingestellte</translation>
    </message>
    <message>
      <source>the device's own</source>
      <translation>die des Geräts</translation>
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
      <source>the model's own</source>
      <translation>die des Modells</translation>
    </message>
    <message>
      <source>the same</source>
      <translation>gleich</translation>
    </message>
    <message>
      <source>the same requests</source>
      <translation>dieselben Anforderungen</translation>
    </message>
    <message>
      <source>the setting %1</source>
      <translation>die Einstellung %1</translation>
    </message>
    <message>
      <source>there is nothing to find in this view</source>
      <translation>in dieser Ansicht gibt es nichts zu suchen</translation>
    </message>
    <message>
      <source>time</source>
      <translation>Zeit</translation>
    </message>
    <message>
      <source>time on the host</source>
      <translation>Zeit auf dem Host</translation>
    </message>
    <message>
      <source>together</source>
      <translation>zusammen</translation>
    </message>
    <message>
      <source>token</source>
      <translation>Token</translation>
    </message>
    <message>
      <source>token %1</source>
      <translation>Token %1</translation>
    </message>
    <message>
      <source>tokens per sequence</source>
      <translation>Token je Sequenz</translation>
    </message>
    <message>
      <source>torch.cuda.empty_cache() would give it back.</source>
      <translation>torch.cuda.empty_cache() gäbe es zurück.</translation>
    </message>
    <message>
      <source>unexpected failure: %1</source>
      <translation>unerwarteter Fehler: %1</translation>
    </message>
    <message>
      <source>virtual</source>
      <translation>virtuell</translation>
    </message>
    <message>
      <source>virtual %1</source>
      <translation>virtuelle %1</translation>
    </message>
    <message>
      <source>waiting</source>
      <translation>wartet</translation>
    </message>
    <message>
      <source>waits for a free core</source>
      <translation>wartet auf einen freien Kern</translation>
    </message>
    <message>
      <source>went</source>
      <translation>gegangen</translation>
    </message>
    <message>
      <source>what the allocator took from the device</source>
      <translation>was der Allokator vom Gerät nahm</translation>
    </message>
    <message>
      <source>when</source>
      <translation>wann</translation>
    </message>
    <message>
      <source>why</source>
      <translation>warum</translation>
    </message>
    <message>
      <source>with layers below</source>
      <translation>mit Schichten darunter</translation>
    </message>
    <message>
      <source>within</source>
      <translation>darin</translation>
    </message>
    <message>
      <source>workspace</source>
      <translation>Workspace</translation>
    </message>
    <message>
      <source>writing %1…</source>
      <translation>schreibt %1 …</translation>
    </message>
    <message>
      <source>wrote %1</source>
      <translation>%1 geschrieben</translation>
    </message>
    <message>
      <source>zoom in to see layers</source>
      <translation>näher heran, um Schichten zu sehen</translation>
    </message>
    <message>
      <source>×12 stands for twelve equal ones; a click on it shows each.</source>
      <translation>×12 steht für zwölf gleiche; ein Klick darauf zeigt jeden.</translation>
    </message>
    <message>
      <source>– failed</source>
      <translation>– gescheitert</translation>
    </message>
    <message>
      <source>“%1” is no setting but another program: what is alive at the peak is allocated at the beginning of its phase.</source>
      <translation>„%1“ ist keine Einstellung, sondern ein anderes Programm: Was in der Spitze lebt, wird am Anfang seiner Phase belegt.</translation>
    </message>
    <message>
      <source>“%1” is no setting but torch.cuda.empty_cache() in the program before each phase.</source>
      <translation>„%1“ ist keine Einstellung, sondern torch.cuda.empty_cache() im Programm vor jeder Phase.</translation>
    </message>
    <message>
      <source>“%1” is no size; write a number with B, KiB, MiB or GiB, as 1 MiB</source>
      <translation>„%1“ ist keine Größe; eine Zahl mit B, KiB, MiB oder GiB, wie 1 MiB</translation>
    </message>
    <message>
      <source>“%1” ran out of memory at a request of %2.</source>
      <translation>„%1“ ging bei einer Anforderung von %2 der Speicher aus.</translation>
    </message>
    <message>
      <source>“Find what fits” makes each cell a virtual run. A click shows the figures of one.</source>
      <translation>„Suchen, was passt“ macht jedes Feld zu einem virtuellen Lauf. Ein Klick zeigt die Zahlen eines Felds.</translation>
    </message>
    <message>
      <source>…</source>
      <translation>…</translation>
    </message>
    <message>
      <source>✓ %1</source>
      <translation>✓ %1</translation>
    </message>
    <message>
      <source>✓ %1 fits: peak allocated %2, reserved %3, virtual; %4 left</source>
      <translation>✓ %1 passt: Spitze belegt %2, reserviert %3, virtuell; %4 bleiben</translation>
    </message>
    <message>
      <source>✓ Its peak equals the sum of the recorded blocks.</source>
      <translation>✓ Seine Spitze gleicht der Summe der aufgezeichneten Blöcke.</translation>
    </message>
    <message>
      <source>✓ done</source>
      <translation>✓ fertig</translation>
    </message>
    <message>
      <source>✓ equal</source>
      <translation>✓ gleich</translation>
    </message>
    <message>
      <source>✓ fits on %1, reserves %2, leaves %3</source>
      <translation>✓ passt auf %1, reserviert %2, lässt %3</translation>
    </message>
    <message>
      <source>✓ fits, peak allocated</source>
      <translation>✓ passt, Spitze belegt</translation>
    </message>
    <message>
      <source>✕</source>
      <translation>✕</translation>
    </message>
    <message>
      <source>✕ %1 does not fit: %2</source>
      <translation>✕ %1 passt nicht: %2</translation>
    </message>
    <message>
      <source>✕ does not fit</source>
      <translation>✕ passt nicht</translation>
    </message>
    <message>
      <source>✕ does not fit on %1: %2</source>
      <translation>✕ passt nicht auf %1: %2</translation>
    </message>
    <message>
      <source>✕ failed</source>
      <translation>✕ gescheitert</translation>
    </message>
    <message>
      <source>✕ not even 1</source>
      <translation>✕ nicht einmal 1</translation>
    </message>
    <message>
      <source>✕ out of memory</source>
      <translation>✕ Speicher erschöpft</translation>
    </message>
    <message>
      <source>✗ %1%2</source>
      <translation>✗ %1%2</translation>
    </message>
    <message>
      <source>✗ Its peak differs from the sum of the recorded blocks by %1.</source>
      <translation>✗ Seine Spitze weicht von der Summe der aufgezeichneten Blöcke um %1 ab.</translation>
    </message>
  </context>
</TS>
