/// Requests of an ordinary shop, for measuring where none are given.
package enum ShopRequests {
    package static let all = [page, search, login, checkout]

    static let page = get("page", "/p/robe-d-%C3%A9t%C3%A9.html?utm_source=news&color=blue")
    static let search = get("search", "/search?q=TV+55%22+oled&sort=price&page=2&in_stock=1")

    static let login = post(
        "login", "/account/login", "application/x-www-form-urlencoded",
        "form_key=aB3dE5&username=anna%40example.com&password=correct+horse+battery")

    static let checkout = post(
        "checkout", "/rest/V1/checkout", "application/json",
        """
        {"cart":"c-17","email":"juergen@example.com","shipping":{"name":"Jürgen O'Neil",\
        "street":["Straße des 17. Juni 135"],"city":"Berlin","note":"Bitte klingeln!"},"items":[\
        \((1...20).map { #"{"sku":"SKU-\#($0)","qty":\#($0 % 3 + 1),"price":19.9}"# }
            .joined(separator: ","))\
        ],"payment":{"method":"card","token":"dG9rZW4tdG9rZW4tdG9rZW4tdG9rZW4tdG9rZW4="}}
        """)

    private static let fields =
        "Host: shop.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) "
        + "Gecko/20100101 Firefox/140.0\r\nAccept: text/html,*/*;q=0.8\r\n"
        + "Accept-Language: de,en;q=0.5\r\nCookie: session=8f1ab2c3d4; _ga=GA1.2.1234.5678\r\n"

    private static func get(_ name: String, _ target: String) -> SampleRequest {
        SampleRequest(name: name, bytes: Array("GET \(target) HTTP/1.1\r\n\(fields)\r\n".utf8))
    }

    private static func post(
        _ name: String, _ target: String, _ type: String, _ body: String
    ) -> SampleRequest {
        let head =
            "POST \(target) HTTP/1.1\r\n\(fields)Content-Type: \(type)\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n"
        return SampleRequest(name: name, bytes: Array((head + body).utf8))
    }
}
