/// What every page loads. The path names the content's digest, so that it may be kept for a year.
enum Assets {
    static let version = String(Digest.of(stylesheet + script).prefix(10))

    static let stylesheet = """
        :root{color-scheme:light dark;--ink:#23211e;--soft:#5f5a52;--paper:#faf7f2;--card:#fff;\
        --line:#e4ddd2;--accent:#0f5c63;--on:#fff}
        @media (prefers-color-scheme:dark){:root{--ink:#f0ebe3;--soft:#b9b1a5;--paper:#191816;\
        --card:#242220;--line:#3a3733;--accent:#7fd0d4;--on:#10201f}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 system-ui,sans-serif}
        h1,h2,h3,.brand{font-family:Georgia,"Times New Roman",serif;font-weight:400;line-height:1.2}
        h1{font-size:clamp(2rem,5vw,3.25rem);margin:.2em 0}
        a{color:var(--accent)}
        a:focus-visible,button:focus-visible,input:focus-visible{outline:3px solid var(--accent);\
        outline-offset:3px}
        .skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--card);\
        padding:.5rem 1rem;z-index:1}
        .wrap{max-width:72rem;margin:0 auto;padding:0 1.25rem}
        header{border-bottom:1px solid var(--line)}
        header .wrap{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:center;\
        padding-block:1rem}
        .brand{font-size:1.6rem;color:inherit;text-decoration:none;letter-spacing:.02em}
        nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:0;padding:0}
        nav a,.cartlink{color:inherit;text-decoration:none;display:inline-block;padding:.35rem 0}
        nav a:hover,.cartlink:hover,nav a[aria-current]{text-decoration:underline;\
        text-underline-offset:.3em}
        .search{margin-left:auto;display:flex;gap:.5rem}
        input{font:inherit;padding:.35rem .75rem;border:1px solid var(--soft);border-radius:.5rem;\
        background:var(--card);color:inherit;width:11rem}
        button{font:inherit;padding:.5rem 1.25rem;border:0;border-radius:.5rem;background:var(--accent);\
        color:var(--on);cursor:pointer}
        main.wrap{padding-block:1.5rem 4rem}
        .lead{font-size:1.2rem;color:var(--soft);max-width:38rem;margin-top:0}
        .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,18.5rem),1fr));gap:1.5rem;\
        list-style:none;margin:1.5rem 0;padding:0}
        .card{background:var(--card);border:1px solid var(--line);border-radius:1rem;overflow:hidden;\
        position:relative;display:flex;flex-direction:column}
        .card img{width:100%;aspect-ratio:1;height:auto;object-fit:cover;display:block;\
        background:var(--line);\
        transition:transform .4s}
        .card:hover img{transform:scale(1.03)}
        .card div{padding:1rem 1.25rem 1.25rem;background:var(--card);position:relative;flex:1;\
        display:flex;flex-direction:column}
        .card .price{margin-top:auto;padding-top:.35rem}
        h2 a{color:inherit;text-decoration:none}h2 a:hover{text-decoration:underline;\
        text-underline-offset:.2em}
        .card h3{margin:0;font-size:1.3rem}.card h3 a{color:inherit;text-decoration:none}
        .card h3 a::after{content:"";position:absolute;inset:-40rem 0 0}
        .card p{margin:.35rem 0;color:var(--soft);font-size:.975rem}
        .cut{background:radial-gradient(circle at 50% 35%,#f6f1e8,#cfc5b5)}
        .price{font-variant-numeric:tabular-nums;color:var(--ink)!important;font-size:1.15rem}
        .product{display:grid;gap:2.5rem;grid-template-columns:minmax(0,1.2fr) minmax(0,1fr);\
        align-items:start}
        .product>img{width:100%;height:auto;border-radius:1rem}
        .review{border-top:1px solid var(--line);padding:1rem 0}.review p{margin:.25rem 0}
        .stars{color:#b9770e;letter-spacing:.1em}
        table{border-collapse:collapse;width:100%;max-width:44rem}
        th,td{text-align:left;padding:.6rem .5rem;border-bottom:1px solid var(--line)}
        td:last-child,th:last-child{text-align:right;font-variant-numeric:tabular-nums}
        footer{border-top:1px solid var(--line);color:var(--soft);font-size:.925rem;padding:1.25rem 0 2rem}
        @media (max-width:46rem){.product{grid-template-columns:minmax(0,1fr);gap:1rem}\
        .cartlink{margin-left:auto}nav{order:1;width:100%}.search{order:2;margin:0;width:100%}\
        .search input{flex:1;min-width:0}nav ul{gap:.25rem 1rem}}
        @media (prefers-reduced-motion:reduce){*{transition:none!important}}

        """

    static let script = """
        // Pages are the same for everyone and lie in the cache; what is yours is added here.
        const cookie = document.cookie.split('; ').find(c => c.startsWith('cart='));
        const items = cookie ? cookie.slice(5).split('.').filter(Boolean).length : 0;
        for (const place of document.querySelectorAll('[data-cart]')) {
          place.textContent = items ? `Cart (${items})` : 'Cart';
        }
        for (const place of document.querySelectorAll('[data-stock]')) {
          fetch(`/api/stock/${encodeURIComponent(place.dataset.stock)}`)
            .then(answer => answer.ok ? answer.json() : Promise.reject(answer.status))
            .then(stock => {
              place.textContent = stock.available ? `${stock.quantity} in stock` : 'Sold out for now';
            })
            .catch(() => { place.textContent = ''; });
        }

        """
}
