/// What the dashboard's page is dressed in.
enum DashboardAssets {
    static let mark = """
        <svg viewBox="0 0 24 24" width="26" height="26" aria-hidden="true"><path d="M2 9 12 3l10 6v2H2zM4 \
        12h3v7H4zM10.500 12h3v7h-3zM17 12h3v7h-3zM2 20h20v2H2z"/></svg>
        """

    static let style = """
        :root{--paper:#f6f5f2;--card:#fff;--ink:#1d2127;--soft:#646b75;--line:#e3e1dc;--accent:#2f5d8c;\
        --area:#2f5d8c22;--good:#1d7a46;--good-bg:#e2f3e8;--bad:#b3261e;--bad-bg:#fce6e4;--warn:#8a5a00;\
        --warn-bg:#fbefd5;--c2:#3f8f63;--c3:#5b86b8;--c4:#d49a2c;--c5:#c0392b;--c1:#999}
        @media(prefers-color-scheme:dark){:root{--paper:#14171b;--card:#1c2026;--ink:#e6e8eb;--soft:#9aa3ae;\
        --line:#2c323a;--accent:#7fb2e5;--area:#7fb2e526;--good:#7fd6a2;--good-bg:#173424;--bad:#ff9b92;\
        --bad-bg:#43201d;--warn:#f0c46c;--warn-bg:#3a2e14;--c2:#56b184;--c3:#7aa6d8;--c4:#e0b04f;--c5:#e5705f}}
        *{box-sizing:border-box;margin:0}
        body{background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,-apple-system,"Segoe UI",\
        Roboto,sans-serif;font-variant-numeric:tabular-nums}
        main{max-width:1240px;margin:0 auto;padding:24px 20px 48px}
        header{display:flex;flex-wrap:wrap;align-items:center;gap:8px 14px;margin-bottom:18px}
        h1{display:flex;align-items:center;gap:10px;font-size:22px;font-weight:650;letter-spacing:-.01em}
        h1 svg{fill:var(--accent)}
        .facts{display:flex;flex-wrap:wrap;gap:4px 18px;margin-left:auto;color:var(--soft);font-size:13px}
        .facts b{color:var(--ink);font-weight:550}
        code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        .pill{display:inline-block;padding:1px 10px;border-radius:99px;font-size:12.5px;font-weight:600}
        .good{color:var(--good);background:var(--good-bg)}
        .bad{color:var(--bad);background:var(--bad-bg)}
        .warning{color:var(--warn);background:var(--warn-bg)}
        .why{margin:-6px 0 16px;padding:8px 14px;border-radius:8px;color:var(--bad);background:var(--bad-bg)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(200px,42%),1fr));gap:14px;\
        padding:0;border:0;background:none;margin-bottom:14px}
        section,.tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 18px}
        section{margin-bottom:14px;overflow-x:auto}
        h2{font-size:13px;font-weight:600;color:var(--soft);margin-bottom:8px}
        h2 small{font-weight:400}h2 code{color:var(--ink)}
        .value{font-size:30px;line-height:1.15;font-weight:620;letter-spacing:-.02em;white-space:nowrap}
        .value small{font-size:15px;font-weight:450;color:var(--soft);letter-spacing:0}
        .note,.none{color:var(--soft);font-size:13px}
        .tile .note{margin-top:4px}
        .alarming .value{color:var(--bad)}
        .columns{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:14px}
        @media(max-width:900px){.columns{grid-template-columns:minmax(0,1fr);gap:0}}
        .chart{position:relative;padding-bottom:18px;margin-bottom:10px}
        .chart svg{display:block;width:100%;height:130px}
        .chart span{position:absolute;font-size:11.5px;color:var(--soft)}
        .chart .top{top:-2px;left:0;background:var(--card);padding-right:6px}
        .chart .from{bottom:-2px;left:0}.chart .to{bottom:-2px;right:0}
        .grid{stroke:var(--line);fill:none;vector-effect:non-scaling-stroke}
        .area{fill:var(--area)}
        .line{fill:none;stroke:var(--accent);stroke-width:1.75;stroke-linejoin:round;\
        vector-effect:non-scaling-stroke}
        .stack{display:block;width:100%;height:10px;border-radius:5px;background:var(--line);margin-bottom:10px}
        rect.c1xx{fill:var(--c1)}rect.c2xx{fill:var(--c2)}rect.c3xx{fill:var(--c3)}rect.c4xx{fill:var(--c4)}\
        rect.c5xx{fill:var(--c5)}
        i{display:inline-block;width:9px;height:9px;border-radius:3px;margin-right:8px}
        i.c2xx{background:var(--c2)}i.c3xx{background:var(--c3)}i.c4xx{background:var(--c4)}\
        i.c5xx{background:var(--c5)}
        table{width:100%;border-collapse:collapse;font-size:14px}
        th,td{padding:6px 0 6px 14px;text-align:right;border-top:1px solid var(--line);white-space:nowrap}
        thead th{border:0;color:var(--soft);font-size:12px;font-weight:500;padding-top:0}
        th:first-child{text-align:left;padding-left:0;font-weight:550}
        thead th:first-child{font-weight:500}
        .text{text-align:left}
        .change{color:var(--soft);font-size:13px;white-space:normal}
        thead .change{font-size:12px}
        @media(max-width:560px){.change{display:none}.value{font-size:24px}}
        th small{color:var(--soft);font-weight:400}
        .bar{margin-bottom:12px}
        .bar p{display:flex;gap:10px;align-items:baseline;margin-bottom:3px}
        .bar .note{margin-left:auto}
        meter{display:block;width:100%;height:10px;border:0;border-radius:5px;background:var(--line);\
        appearance:none;-webkit-appearance:none}
        meter::-webkit-meter-bar{background:var(--line);border:0;border-radius:5px;height:10px}
        meter::-webkit-meter-optimum-value{background:var(--accent);border-radius:5px}
        meter::-moz-meter-bar{background:var(--accent);border-radius:5px}
        dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(88px,1fr));gap:10px 12px}
        dt{color:var(--soft);font-size:12px}
        dd{font-size:17px;font-weight:570}
        dl+table,dl+.none{margin-top:14px}
        ol{list-style:none;padding:0}
        li{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 12px;padding:7px 0;\
        border-top:1px solid var(--line)}
        li:first-child{border:0;padding-top:0}
        li b{font-weight:550;overflow-wrap:anywhere}
        li span{grid-row:2;color:var(--soft);font-size:13px;overflow-wrap:anywhere}
        time{color:var(--soft);font-size:13px;white-space:nowrap}
        .old main{opacity:.55}
        .old h1::after{content:"no answer";font-size:13px;font-weight:600;color:var(--bad)}
        """

    /// Every other second, while somebody looks.
    static let script = """
        setInterval(async()=>{if(document.hidden)return;try{const a=await fetch(location.pathname,\
        {cache:"no-store"});if(!a.ok)throw 0;const n=new DOMParser().parseFromString(await a.text(),\
        "text/html").querySelector("main");document.querySelector("main").replaceWith(document.adoptNode(n));\
        document.body.classList.remove("old")}catch{document.body.classList.add("old")}},2000)
        """
}
