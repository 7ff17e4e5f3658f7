#include "models/encoders/encoder.h"

namespace headroom::models {

std::unique_ptr<Encoder> make_encoder(Builder& builder) {
  if (builder.config.bottleneck.width > 0) return make_bottleneck_encoder(builder);
  if (builder.config.downsampling.rate > 0) return make_molecule_encoder(builder);
  if (builder.config.exits) return make_exit_encoder(builder);
  return nullptr;
}

}  // namespace headroom::models
