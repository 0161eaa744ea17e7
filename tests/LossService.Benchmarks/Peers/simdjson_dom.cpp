// simdjson's DOM of a file, timed inside: a path comes in, a line "seconds numbers" goes out.
// The parser is reused and the text is padded, as its documentation advises; only the parse is timed, which leaves the
// numbers as doubles on its tape; copying them out into a matrix would come on top.
#include <chrono>
#include <iostream>
#include <simdjson.h>
#include <string>

int main()
{
    simdjson::dom::parser parser;
    simdjson::padded_string text;
    std::string path, loaded;
    while (std::getline(std::cin, path))
    {
        if (path != loaded)
        {
            text = simdjson::padded_string::load(path);
            loaded = path;
        }
        auto start = std::chrono::steady_clock::now();
        simdjson::dom::element document = parser.parse(text);
        std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
        size_t numbers = 0;
        for (simdjson::dom::element row : document.get_array())
            numbers += row.get_array().value().size();
        std::cout << elapsed.count() << ' ' << numbers << std::endl;
    }
}
