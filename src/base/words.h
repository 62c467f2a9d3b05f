// A line of text split into words the way Redis writes them, for inline requests and for redis.conf alike:
//
//   set key "two words\x21\n" 'it\'s'   ->   set | key | two words!<LF> | it's
//
// In double quotes \n \r \t \b \a, \xHH and \<any> are escapes; in single quotes only \' is. A closing quote
// must be followed by white space or the end. Outside quotes every byte but white space stands for itself.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"

namespace sluice::base {

// Nothing when the quotes are not balanced.
std::optional<std::vector<Bytes>> split_words(ByteView line);

// Appends `word` in double quotes with escapes, so that split_words gives it back. Bytes that do not print
// become \xHH.
void append_quoted(Bytes& out, ByteView word);

}  // namespace sluice::base
